package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/chatd/chatd/chat"
)

// What the table meta holds.
const (
	metaGeneration = "generation" // of the database: the first half of every epoch
	metaDurability = "durability" // of the process that used it last
	metaBoot       = "boot"       // of the machine, as that process saw it
	metaClean      = "clean"      // "yes" when that process stopped cleanly
	metaStamp      = "stamp"      // what SQLite's stampFile must hold too
	metaCluster    = "cluster"    // which PostgreSQL database this is (see identity)
	metaTimeline   = "timeline"   // PostgreSQL's, as in the names of its WAL files
)

func readMeta(ctx context.Context, q querier) (map[string]string, error) {
	rows, err := q.QueryContext(ctx, `SELECT name, value FROM meta`)
	if err != nil {
		return nil, fmt.Errorf("read meta: %w", err)
	}
	defer rows.Close()
	all := make(map[string]string)
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, fmt.Errorf("read meta: %w", err)
		}
		all[name] = value
	}
	return all, rows.Err()
}

func setMeta(ctx context.Context, q querier, name, value string) error {
	_, err := q.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	if err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	return nil
}

// epoch names the life of a room's log: the generation of the database, and how often
// the room was made in it.
func epoch(generation string, incarnation int64) chat.Epoch {
	return chat.Epoch(generation + "." + strconv.FormatInt(incarnation, 10))
}

// life is which life of a room an epoch names, from 1 on; 0: none.
func life(e chat.Epoch) int64 {
	i := strings.LastIndexByte(string(e), '.')
	n, err := strconv.ParseInt(string(e[i+1:]), 10, 64)
	if i < 0 || err != nil {
		return 0
	}
	return n + 1
}

// NewGeneration ends the epoch of every room. Call it after a restore that Open can't
// notice (docs/operations.md): numbers that readers know will be given again.
func (s *Store) NewGeneration(ctx context.Context) error {
	return s.inWrite(ctx, func(q querier) error {
		return setMeta(ctx, q, metaGeneration, s.cfg.NewID())
	})
}
