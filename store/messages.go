package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/chatd/chatd/chat"
)

// selectMessages reads messages as they stand now, with what they answer. Where
// conditions name the message m.
const selectMessages = `SELECT m.id, m.room, m.seq, m.author_id, m.author_name, m.author_role, m.text, m.mentions,
	m.at, m.edited_at, m.hidden, m.shadow, m.reply_to,
	coalesce(q.author_id, ''), coalesce(q.author_name, ''), coalesce(q.author_role, ''), coalesce(q.text, ''),
	coalesce(q.hidden, 0),
	EXISTS (SELECT 1 FROM reaction_totals t WHERE t.message = m.id)
	FROM messages m LEFT JOIN messages q ON q.id = m.reply_to `

// The conditions on m that everybody sees it, or its author alone. They are those of the
// indexes messages_visible and messages_own.
const (
	isVisible = ` m.hidden = 0 `
	isOwn     = ` m.hidden = 2 `
)

// What the column hidden says.
const (
	hiddenNot   = 0
	hiddenByAct = 1
	hiddenAlone = 2 // its author alone sees it
)

// loadMessages reads the messages that a condition selects, reactions included.
func loadMessages(ctx context.Context, q querier, where string, args ...any) ([]chat.StoredMessage, error) {
	rows, err := q.QueryContext(ctx, selectMessages+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	defer rows.Close()
	var all []chat.StoredMessage
	reacted := make(map[chat.MessageID]int) // those with reactions, by their place in all
	for rows.Next() {
		m, any, err := scanMessage(rows)
		if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		if any {
			reacted[m.ID] = len(all)
		}
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return all, addReactions(ctx, q, all, reacted)
}

// scanMessage reads a row of selectMessages; reacted says that the message has reactions.
func scanMessage(rows *sql.Rows) (m chat.StoredMessage, reacted bool, err error) {
	var (
		answered        chat.StoredMessage
		mentions        string
		at, editedAt    int64
		hidden, covered int
		shadow          int
	)
	err = rows.Scan(&m.ID, &m.Room, &m.Seq, &m.Author.ID, &m.Author.Name, &m.Author.Role, &m.Text, &mentions,
		&at, &editedAt, &hidden, &shadow, &answered.ID,
		&answered.Author.ID, &answered.Author.Name, &answered.Author.Role, &answered.Text, &covered, &reacted)
	if err != nil {
		return m, false, err
	}
	m.Hidden, m.Shadow, answered.Hidden = hidden == hiddenByAct, shadow == 1, covered == hiddenByAct
	m.At, m.EditedAt = instant(at), instant(editedAt)
	if m.Mentions, err = decodeIDs(mentions); err != nil {
		return m, false, err
	}
	if answered.ID != "" {
		m.ReplyTo = quote(answered, answered.ID)
	}
	m.HTML, m.Plain = chat.Render(m.Text)
	return m, reacted, nil
}

// quote is how a message is quoted by those that answer it. m is empty where it is gone.
func quote(m chat.StoredMessage, id chat.MessageID) *chat.Reply {
	r := &chat.Reply{ID: id, Author: m.Author}
	if !m.Hidden {
		r.Excerpt = excerpt(m.Text)
	}
	return r
}

func excerpt(text string) string {
	n := 0
	for i := range text {
		if n == chat.ExcerptRunes {
			return text[:i]
		}
		n++
	}
	return text
}

// addReactions fills in the totals of those messages that have any.
func addReactions(ctx context.Context, q querier, all []chat.StoredMessage, at map[chat.MessageID]int) error {
	for ids := range slices.Chunk(slices.Collect(maps.Keys(at)), maxList) {
		args := padded(ids)
		rows, err := q.QueryContext(ctx, `SELECT message, emoji, total FROM reaction_totals
			WHERE message IN (`+list(1, len(args))+`) ORDER BY message, place`, args...)
		if err != nil {
			return fmt.Errorf("read reactions: %w", err)
		}
		err = eachRow(rows, func() error {
			var id chat.MessageID
			var r chat.Reaction
			if err := rows.Scan(&id, &r.Emoji, &r.Count); err != nil {
				return err
			}
			m := &all[at[id]]
			m.Reactions = append(m.Reactions, r)
			return nil
		})
		if err != nil {
			return fmt.Errorf("read reactions: %w", err)
		}
	}
	return nil
}

// eachRow calls f for every row, then closes them.
func eachRow(rows *sql.Rows, f func() error) error {
	defer rows.Close()
	for rows.Next() {
		if err := f(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// messagesByID reads messages, hidden ones too; those that are gone are left out.
func messagesByID(ctx context.Context, q querier, ids map[chat.MessageID]bool) (map[chat.MessageID]chat.StoredMessage, error) {
	found := make(map[chat.MessageID]chat.StoredMessage, len(ids))
	for some := range slices.Chunk(slices.Collect(maps.Keys(ids)), maxList) {
		args := padded(some)
		all, err := loadMessages(ctx, q, `WHERE m.id IN (`+list(1, len(args))+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, m := range all {
			found[m.ID] = m
		}
	}
	return found, nil
}

// loadPins reads a room's pins, newest first, as everybody sees them.
func loadPins(ctx context.Context, q querier, room chat.RoomID) ([]chat.Message, error) {
	all, err := loadMessages(ctx, q, `JOIN pins p ON p.message = m.id WHERE p.room = $1 ORDER BY p.seq DESC`, string(room))
	return bare(all), err
}

// loadReacted reads a viewer's own emoji on messages.
func loadReacted(ctx context.Context, q querier, viewer chat.UserID, messages []chat.Message) (map[chat.MessageID][]string, error) {
	reacted := make(map[chat.MessageID][]string)
	if viewer == "" {
		return reacted, nil
	}
	var ids []chat.MessageID
	for _, m := range messages {
		if len(m.Reactions) > 0 {
			ids = append(ids, m.ID)
		}
	}
	for some := range slices.Chunk(ids, maxList) {
		args := padded(some)
		rows, err := q.QueryContext(ctx, `SELECT r.message, r.emoji FROM reactions r
			LEFT JOIN reaction_totals t ON t.message = r.message AND t.emoji = r.emoji
			WHERE r.user_id = $1 AND r.shadow <> 2 AND r.message IN (`+list(2, len(args))+`)
			ORDER BY r.message, t.place IS NULL, t.place, r.emoji COLLATE "binary"`,
			append([]any{string(viewer)}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("read own reactions: %w", err)
		}
		err = eachRow(rows, func() error {
			var id chat.MessageID
			var emoji string
			if err := rows.Scan(&id, &emoji); err != nil {
				return err
			}
			reacted[id] = append(reacted[id], emoji)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read own reactions: %w", err)
		}
	}
	return reacted, nil
}

// bare drops what only staff may know.
func bare(all []chat.StoredMessage) []chat.Message {
	out := make([]chat.Message, len(all))
	for i, m := range all {
		out[i] = m.Message
	}
	return out
}

// ByNonce implements chat.Log.
func (s *Store) ByNonce(ctx context.Context, room chat.RoomID, author chat.UserID, nonce string) (chat.Message, bool, error) {
	if nonce == "" {
		return chat.Message{}, false, nil
	}
	var m chat.Message
	found := false
	err := s.inRead(ctx, func(q querier) error {
		var id chat.MessageID
		var seq, at, incarnation int64
		err := q.QueryRowContext(ctx, sqlNonce, string(room), string(author), nonce,
			millis(s.cfg.Clock().Add(-nonceLife))).Scan(&id, &seq, &at, &incarnation)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look up nonce: %w", err)
		}
		if found = seq > 0; !found {
			return nil // it is held, or was refused
		}
		stored, err := messagesByID(ctx, q, map[chat.MessageID]bool{id: true})
		if x, ok := stored[id]; ok {
			m = x.Message
		} else {
			m = goneMessage(room, id, author, seq, at)
		}
		return err
	})
	return m, found, err
}
