package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// node is this process among those that use one PostgreSQL database. Leases are
// measured by the server's clock, for the nodes' own may differ.
type node struct{ id string }

const serverNow = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`

// otherNode is one that stands in the way.
type otherNode struct {
	id, name           string
	startedAt, expires int64
}

func (o *otherNode) refuse() error {
	return fmt.Errorf("another node (%s, since %s) uses this database: without Redis one node at a time may; "+
		"stop the other one, give this one a database of its own, or give both one Redis (CHATD_REDIS_URL)",
		o.name, instant(o.startedAt).Format(time.RFC3339))
}

// register takes a lease. Where another node stands in the way it waits for that one's
// lease to run out, as it does when the node has died, or to be renewed.
func (s *Store) register(ctx context.Context) (*node, error) {
	n := &node{id: s.cfg.NewID()}
	return n, outlast(ctx, s.cfg.Lease, func() (*otherNode, error) { return s.tryRegister(ctx, n) })
}

// outlast calls try until no other node stands in its way. One that renews its lease, or
// whose place another has taken, is refused to be waited for.
func outlast(ctx context.Context, lease time.Duration, try func() (*otherNode, error)) error {
	first, err := try()
	if first == nil {
		return err
	}
	t := time.NewTicker(lease / 10)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("register node: %w", context.Cause(ctx))
		case <-t.C:
		}
		other, err := try()
		if other == nil {
			return err
		}
		if other.id != first.id || other.expires > first.expires {
			return other.refuse()
		}
	}
}

// inTheWay is a node whose lease stands and with which this one can't share the database.
func inTheWay(ctx context.Context, q querier, exclusive bool) (*otherNode, error) {
	var o otherNode
	err := q.QueryRowContext(ctx, `SELECT id, name, started_at, expires_at FROM nodes
		WHERE (alone OR $1) AND expires_at >= `+serverNow+` ORDER BY started_at LIMIT 1`, exclusive).
		Scan(&o.id, &o.name, &o.startedAt, &o.expires)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // nobody is: as tryRegister
	}
	if err != nil {
		return nil, err
	}
	return &o, nil
}

// mayMigrate waits until no node uses the present schema that can't share the database
// with this one. A database without that table has never been used.
func mayMigrate(ctx context.Context, db *sql.DB, cfg Config) error {
	var used bool
	if err := db.QueryRowContext(ctx, `SELECT to_regclass('nodes') IS NOT NULL`).Scan(&used); err != nil || !used {
		return err
	}
	return outlast(ctx, cfg.Lease, func() (*otherNode, error) { return inTheWay(ctx, db, cfg.Exclusive) })
}

// tryRegister takes a lease or returns the node that is in the way.
func (s *Store) tryRegister(ctx context.Context, n *node) (*otherNode, error) {
	var other *otherNode
	err := s.inWrite(ctx, func(q querier) error {
		if _, err := q.ExecContext(ctx, `SELECT chatd_lock()`); err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, `DELETE FROM nodes WHERE expires_at < `+serverNow); err != nil {
			return err
		}
		var err error
		if other, err = inTheWay(ctx, q, s.cfg.Exclusive); err != nil || other != nil {
			return err
		}
		_, err = q.ExecContext(ctx, `INSERT INTO nodes (id, name, alone, started_at, expires_at)
			VALUES ($1, $2, $3, `+serverNow+`, `+serverNow+` + $4)`, n.id, s.cfg.Node, s.cfg.Exclusive, s.cfg.Lease.Milliseconds())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("register node: %w", err)
	}
	return other, nil
}

// leaseLoop renews the lease. It ends with an error where the lease ran out and a
// node that can't share the database has taken it.
func (s *Store) leaseLoop(ctx context.Context) error {
	t := time.NewTicker(s.cfg.Lease / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		other, err := s.renew(ctx)
		if other != nil {
			return fmt.Errorf("store: this node's lease ran out: %w", other.refuse())
		}
		if err != nil && ctx.Err() == nil {
			s.cfg.Logger.Warn("the node's lease can't be renewed", "error", err)
		}
	}
}

func (s *Store) renew(ctx context.Context) (*otherNode, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Lease)
	defer cancel()
	res, err := s.write.ExecContext(ctx, `UPDATE nodes SET expires_at = `+serverNow+` + $2 WHERE id = $1`,
		s.node.id, s.cfg.Lease.Milliseconds())
	if err != nil {
		return nil, err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return nil, err
	}
	return s.tryRegister(ctx, s.node)
}

func (s *Store) unregister(ctx context.Context) error {
	if s.node == nil {
		return nil
	}
	const give = `DELETE FROM nodes WHERE id = $1`
	_, err := s.write.ExecContext(ctx, give, s.node.id)
	if err != nil && s.db.away(err) { // an idle connection hears only now that the server had closed it
		_, err = s.write.ExecContext(ctx, give, s.node.id)
	}
	if err != nil {
		return fmt.Errorf("store: give up the lease, which ends by itself: %w", err)
	}
	return nil
}
