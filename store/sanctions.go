package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/chatd/chatd/chat"
)

// sanctionColumns are those of the table sanctions, in the order of scanSanction and insertSanction.
const sanctionColumns = `id, act, user_id, prefix, alias, only_for, name, rooms, effect, interval_ms, reason, note, by_id, via, rule,
	with_id, evidence, at, starts, expires, version, lifted_at, lifted_by, lifted_in, trace`

// isStanding is a sanction that is neither lifted nor over at $1.
const isStanding = ` lifted_at = 0 AND (expires = 0 OR expires > $1) `

// insertSanction stores a new sanction.
func insertSanction(ctx context.Context, q querier, x chat.Sanction) error {
	prefix := ""
	if x.Target.Prefix.IsValid() {
		prefix = x.Target.Prefix.String()
	}
	_, err := q.ExecContext(ctx, `INSERT INTO sanctions (`+sanctionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`,
		string(x.ID), string(x.Act), string(x.Target.User), prefix, x.Target.Alias, string(x.Target.Only),
		x.Name, x.Rooms, string(x.Effect), x.Interval.Milliseconds(), x.Reason, x.Note, string(x.By), string(x.Via), x.Rule,
		string(x.With), encodeList(x.Evidence), millis(x.At), millis(x.Starts), millis(x.Expires), x.Version,
		millis(x.LiftedAt), string(x.LiftedBy), string(x.LiftedIn), x.Trace)
	if err != nil {
		return fmt.Errorf("insert sanction: %w", err)
	}
	return addSanctionUsers(ctx, q, x.ID, x.Act, x.Also)
}

// addSanctionUsers lets a sanction hold against users, too, because of an act.
func addSanctionUsers(ctx context.Context, q querier, id chat.SanctionID, act chat.ActID, users []chat.UserID) error {
	for _, u := range users {
		if _, err := q.ExecContext(ctx, `INSERT INTO sanction_users (sanction, user_id, act) VALUES ($1, $2, $3)
			ON CONFLICT (sanction, user_id) DO UPDATE SET act = excluded.act, ended_by = '' WHERE sanction_users.ended_by <> ''`, string(id), string(u), string(act)); err != nil {
			return fmt.Errorf("carry sanction: %w", err)
		}
	}
	return nil
}

// scanSanction reads a row of sanctionColumns, without Also.
func scanSanction(rows *sql.Rows) (chat.Sanction, error) {
	var x chat.Sanction
	var prefix, evidence string
	var interval, at, starts, expires, lifted int64
	err := rows.Scan(&x.ID, &x.Act, &x.Target.User, &prefix, &x.Target.Alias, &x.Target.Only, &x.Name, &x.Rooms, &x.Effect, &interval,
		&x.Reason, &x.Note, &x.By, &x.Via, &x.Rule, &x.With, &evidence, &at, &starts, &expires, &x.Version,
		&lifted, &x.LiftedBy, &x.LiftedIn, &x.Trace)
	if err != nil {
		return x, err
	}
	x.Interval = time.Duration(interval) * time.Millisecond
	x.At, x.Starts, x.Expires, x.LiftedAt = instant(at), instant(starts), instant(expires), instant(lifted)
	if prefix != "" {
		if x.Target.Prefix, err = netip.ParsePrefix(prefix); err != nil {
			return x, fmt.Errorf("sanction %s: %w", x.ID, err)
		}
	}
	x.Evidence, err = decodeList[chat.MessageID](evidence)
	return x, err
}

// eachSanction calls f for the sanctions that a condition selects, without Also.
func eachSanction(ctx context.Context, q querier, f func(chat.Sanction) error, where string, args ...any) error {
	rows, err := q.QueryContext(ctx, `SELECT `+sanctionColumns+` FROM sanctions `+where, args...)
	if err != nil {
		return fmt.Errorf("read sanctions: %w", err)
	}
	return eachRow(rows, func() error {
		x, err := scanSanction(rows)
		if err != nil {
			return fmt.Errorf("read sanctions: %w", err)
		}
		return f(x)
	})
}

// listSanctions reads the few sanctions that a condition selects.
func listSanctions(ctx context.Context, q querier, where string, args ...any) ([]chat.Sanction, error) {
	var all []chat.Sanction
	err := eachSanction(ctx, q, func(x chat.Sanction) error {
		all = append(all, x)
		return nil
	}, where, args...)
	if err != nil {
		return nil, err
	}
	return all, addAlso(ctx, q, all)
}

// addAlso fills in whom sanctions have been carried to.
func addAlso(ctx context.Context, q querier, all []chat.Sanction) error {
	at := make(map[chat.SanctionID]int, len(all))
	ids := make([]chat.SanctionID, len(all))
	for i, x := range all {
		at[x.ID], ids[i] = i, x.ID
	}
	for some := range slices.Chunk(ids, maxList) {
		args := padded(some)
		rows, err := q.QueryContext(ctx, `SELECT sanction, user_id, ended_by FROM sanction_users
			WHERE sanction IN (`+list(1, len(args))+`) ORDER BY sanction, user_id`, args...)
		if err != nil {
			return fmt.Errorf("read sanctioned users: %w", err)
		}
		err = eachRow(rows, func() error {
			var id chat.SanctionID
			var c carried
			err := c.scan(rows, &id)
			c.addTo(&all[at[id]])
			return err
		})
		if err != nil {
			return fmt.Errorf("read sanctioned users: %w", err)
		}
	}
	return nil
}

// carried is a user to whom a sanction has been carried; with ended set, it was taken off them again.
type carried struct {
	user  chat.UserID
	ended string
}

func (c *carried) scan(rows *sql.Rows, of *chat.SanctionID) error {
	return rows.Scan(of, &c.user, &c.ended)
}

func (c carried) addTo(x *chat.Sanction) {
	if c.ended == "" {
		x.Also = append(x.Also, c.user)
		return
	}
	x.Excused = append(x.Excused, c.user)
}

// loadSanction reads one; sanction_not_found.
func loadSanction(ctx context.Context, q querier, id chat.SanctionID) (chat.Sanction, error) {
	all, err := listSanctions(ctx, q, `WHERE id = $1`, string(id))
	if err == nil && len(all) == 0 {
		err = errSanctionNotFound
	}
	if err != nil {
		return chat.Sanction{}, err
	}
	return all[0], nil
}

// Sanction implements chat.Sanctions.
func (s *Store) Sanction(ctx context.Context, id chat.SanctionID) (chat.Sanction, error) {
	var x chat.Sanction
	err := s.inRead(ctx, func(q querier) (err error) {
		x, err = loadSanction(ctx, q, id)
		return err
	})
	return x, err
}

// errStop ends a walk over rows early.
var errStop = errors.New("stop")

// Standing implements chat.Sanctions, oldest first. f runs while the rows are read: it must not block.
func (s *Store) Standing(ctx context.Context, now time.Time, f func(chat.Sanction) error) error {
	return s.inRead(ctx, func(q querier) error {
		also, err := standingUsers(ctx, q, now)
		if err != nil {
			return err
		}
		return eachSanction(ctx, q, func(x chat.Sanction) error {
			for _, c := range also[x.ID] {
				c.addTo(&x)
			}
			return f(x)
		}, `WHERE`+isStanding+`ORDER BY id`, millis(now))
	})
}

// standingUsers are whom the standing sanctions have been carried to: few.
func standingUsers(ctx context.Context, q querier, now time.Time) (map[chat.SanctionID][]carried, error) {
	rows, err := q.QueryContext(ctx, `SELECT u.sanction, u.user_id, u.ended_by FROM sanction_users u JOIN sanctions s ON s.id = u.sanction
		WHERE`+isStanding+`ORDER BY u.sanction, u.user_id`, millis(now))
	if err != nil {
		return nil, fmt.Errorf("read sanctioned users: %w", err)
	}
	also := make(map[chat.SanctionID][]carried)
	err = eachRow(rows, func() error {
		var id chat.SanctionID
		var c carried
		err := c.scan(rows, &id)
		also[id] = append(also[id], c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sanctioned users: %w", err)
	}
	return also, nil
}
