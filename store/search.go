package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chatd/chatd/chat"
)

// searchStep is how many events are indexed in one transaction. It is small, for on
// SQLite appends wait meanwhile.
const searchStep = 64

// searchPause gathers what is to be indexed, and is how long indexing gives way while
// changes are queued: search may lag, appends may not.
const searchPause = 100 * time.Millisecond

// searchPoll is how often the cursor looks for what other nodes have committed.
const searchPoll = time.Second

// wakeSearch hints that there is something to index.
func (s *Store) wakeSearch() {
	select {
	case s.search <- struct{}{}:
	default:
	}
}

// searchLoop follows the log and keeps search_tokens at the messages' present state.
func (s *Store) searchLoop(ctx context.Context) {
	t := time.NewTicker(searchPoll)
	defer t.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			if !s.queue.empty() {
				pause(ctx, searchPause)
			}
			n, err := s.index(ctx)
			if err != nil && ctx.Err() == nil {
				s.cfg.Logger.Warn("indexing for search failed, trying again", "error", err)
			}
			more = n == searchStep && err == nil
		}
		select {
		case <-ctx.Done():
			return
		case <-s.search:
			pause(ctx, searchPause)
		case <-t.C:
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// index moves the cursor over up to searchStep events and says over how many.
func (s *Store) index(ctx context.Context) (int, error) {
	var behind bool
	err := s.read.QueryRowContext(ctx, `SELECT n.pos > c.pos FROM counters n JOIN cursors c ON c.shard = n.shard
		WHERE c.name = 'search' AND c.shard = 0`).Scan(&behind)
	if err != nil || !behind {
		return 0, err
	}
	n := 0
	err = s.inWrite(ctx, func(q querier) error {
		var pos int64 // the update keeps other nodes from indexing the same
		if err := q.QueryRowContext(ctx, `UPDATE cursors SET pos = pos WHERE name = 'search' AND shard = 0 RETURNING pos`).Scan(&pos); err != nil {
			return fmt.Errorf("read cursor: %w", err)
		}
		events, err := loadEvents(ctx, q, `WHERE pos > $1 ORDER BY pos LIMIT $2`, pos, searchStep)
		if n = len(events); err != nil || n == 0 {
			return err
		}
		if err := indexMessages(ctx, q, events); err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, `UPDATE cursors SET pos = $1 WHERE name = 'search' AND shard = 0`, int64(events[n-1].Pos))
		return err
	})
	return n, err
}

// tokenRow is a row of search_tokens.
type tokenRow struct {
	room, token, message string
	seq                  int64
}

// indexMessages replaces the tokens of the messages whose text or visibility events changed.
func indexMessages(ctx context.Context, q querier, events []eventRow) error {
	var ids []chat.MessageID
	for _, e := range events {
		ids = append(ids, e.messageRefs()...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var tokens []tokenRow
	for len(ids) > 0 {
		n := min(len(ids), maxList)
		some, err := replaceTokens(ctx, q, padded(ids[:n]))
		if err != nil {
			return err
		}
		tokens, ids = append(tokens, some...), ids[n:]
	}
	return insertTokens(ctx, q, tokens)
}

// replaceTokens deletes the tokens of messages and returns those that they have now.
func replaceTokens(ctx context.Context, q querier, ids []any) ([]tokenRow, error) {
	in := list(1, len(ids))
	if _, err := q.ExecContext(ctx, `DELETE FROM search_tokens WHERE message IN (`+in+`)`, ids...); err != nil {
		return nil, fmt.Errorf("delete tokens: %w", err)
	}
	rows, err := q.QueryContext(ctx, `SELECT m.id, m.room, m.seq, m.text FROM messages m
		WHERE m.id IN (`+in+`) AND`+isVisible+`ORDER BY m.id`, ids...)
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	var tokens []tokenRow
	err = eachRow(rows, func() error {
		var t tokenRow
		var text string
		if err := rows.Scan(&t.message, &t.room, &t.seq, &text); err != nil {
			return err
		}
		for _, t.token = range chat.Tokens(text) {
			tokens = append(tokens, t)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	return tokens, nil
}

// tokenRows is how many rows one statement inserts; few sizes, so that it stays prepared.
const tokenRows = 128

func insertTokens(ctx context.Context, q querier, tokens []tokenRow) error {
	for len(tokens) > 0 {
		n := min(len(tokens), tokenRows)
		if n < tokenRows && n > 8 {
			n = 8
		}
		args := make([]any, 0, 4*n)
		values := make([]string, n)
		for i, t := range tokens[:n] {
			values[i] = "(" + list(4*i+1, 4) + ")"
			args = append(args, t.room, t.token, t.seq, t.message)
		}
		if _, err := q.ExecContext(ctx, `INSERT INTO search_tokens (room, token, seq, message) VALUES `+
			strings.Join(values, ",")+` ON CONFLICT (room, token, seq) DO NOTHING`, args...); err != nil {
			return fmt.Errorf("insert tokens: %w", err)
		}
		tokens = tokens[n:]
	}
	return nil
}
