package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/chatd/chatd/chat"
)

var errHeldNotFound = chat.Refuse(chat.NotFound, "held_not_found", "There is no such held message.")

const selectHeld = `SELECT h.id, h.room, h.author_id, h.author_name, h.author_role, h.text, h.mentions, h.reply_to, h.posted_at,
	h.why, h.sanction, h.state, h.code, h.by_id, h.decided_at, h.act,
	coalesce(q.author_id, ''), coalesce(q.author_name, ''), coalesce(q.author_role, ''), coalesce(q.text, ''), coalesce(q.hidden, 0)
	FROM held h LEFT JOIN messages q ON q.id = h.reply_to `

// listHeld reads the held messages that a condition on h selects.
func listHeld(ctx context.Context, q querier, where string, args ...any) ([]chat.Held, error) {
	rows, err := q.QueryContext(ctx, selectHeld+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read held messages: %w", err)
	}
	var all []chat.Held
	err = eachRow(rows, func() error {
		x, err := scanHeld(rows)
		all = append(all, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read held messages: %w", err)
	}
	return all, nil
}

func scanHeld(rows *sql.Rows) (chat.Held, error) {
	var (
		x             chat.Held
		answered      chat.StoredMessage
		mentions      string
		posted, when  int64
		answeredState int
	)
	m := &x.Message
	err := rows.Scan(&m.ID, &m.Room, &m.Author.ID, &m.Author.Name, &m.Author.Role, &m.Text, &mentions, &answered.ID, &posted,
		&x.Why, &x.Sanction, &x.State, &x.Code, &x.By, &when, &x.Act,
		&answered.Author.ID, &answered.Author.Name, &answered.Author.Role, &answered.Text, &answeredState)
	if err != nil {
		return x, err
	}
	m.At, x.At = instant(posted), instant(when)
	if m.Mentions, err = decodeIDs(mentions); err != nil {
		return x, err
	}
	if answered.ID != "" {
		answered.Hidden = answeredState != 0
		m.ReplyTo = quote(answered, answered.ID)
	}
	m.HTML, m.Plain = chat.Render(m.Text)
	return x, nil
}

// ListHeld implements chat.Messages.
func (s *Store) ListHeld(ctx context.Context, want chat.HeldQuery) ([]chat.Held, error) {
	var all []chat.Held
	err := s.inRead(ctx, func(q querier) error {
		step := want.Limit
		if want.Within != nil {
			step = listStep
		}
		for after := want.After; len(all) < want.Limit; {
			where, args := heldWhere(want, after)
			some, err := listHeld(ctx, q, fmt.Sprintf(`%s ORDER BY h.id LIMIT %d`, where, step), args...)
			if err != nil {
				return err
			}
			for _, x := range some {
				if within(want.Within, x.Message.Room) {
					all = append(all, x)
				}
			}
			if len(some) < step {
				return nil
			}
			after = some[len(some)-1].Message.ID
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all[:min(len(all), max(want.Limit, 0))], nil
}

func heldWhere(want chat.HeldQuery, after chat.HeldID) (string, []any) {
	var c conditions
	c.add(`h.id > $%d`, string(after))
	c.add(inKnownRoom)
	if want.Room != "" {
		c.add(`h.room = $%d`, string(want.Room))
	}
	if want.Author != "" {
		c.add(`h.author_id = $%d`, string(want.Author))
	}
	switch want.State {
	case "":
	case chat.HeldPending:
		c.add(`h.state = 'pending'`) // written out, as the index of these says it
	default:
		c.add(`h.state = $%d`, string(want.State))
	}
	return c.where(), c.args
}

// HeldByID implements chat.Messages.
func (s *Store) HeldByID(ctx context.Context, id chat.HeldID) (chat.Held, error) {
	all, err := listHeld(ctx, s.read, `WHERE h.id = $1 AND`+inKnownRoom, string(id))
	if err == nil && len(all) == 0 {
		err = errHeldNotFound
	}
	if err != nil {
		return chat.Held{}, s.passing(err)
	}
	return all[0], nil
}

// HeldByNonce implements chat.Messages.
func (s *Store) HeldByNonce(ctx context.Context, room chat.RoomID, author chat.UserID, nonce string) (chat.Held, bool, error) {
	if nonce == "" {
		return chat.Held{}, false, nil
	}
	var id chat.HeldID
	err := s.read.QueryRowContext(ctx, `SELECT message FROM nonces WHERE room = $1 AND author = $2 AND nonce = $3 AND at > $4`,
		string(room), string(author), nonce, millis(s.cfg.Clock().Add(-nonceLife))).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return chat.Held{}, false, nil
	}
	if err != nil {
		return chat.Held{}, false, fmt.Errorf("look up nonce: %w", s.passing(err))
	}
	x, err := s.HeldByID(ctx, id)
	if chat.CodeOf(err) == errHeldNotFound.Code {
		return chat.Held{}, false, nil // it was posted at once
	}
	return x, err == nil, err
}

// CountHeld implements chat.Messages.
func (s *Store) CountHeld(ctx context.Context) (int, error) {
	return s.count(ctx, `SELECT count(*) FROM held h WHERE h.state = 'pending' AND`+inKnownRoom)
}

// CountHeldOf implements chat.Messages.
func (s *Store) CountHeldOf(ctx context.Context, author chat.UserID) (int, error) {
	return s.count(ctx, `SELECT count(*) FROM held h WHERE h.author_id = $1 AND h.state = 'pending' AND`+inKnownRoom, string(author))
}
