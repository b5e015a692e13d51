package store

import (
	"context"
	"fmt"
	"time"

	"github.com/chatd/chatd/chat"
)

// The bounds of one transaction of the indexer; on SQLite appends wait meanwhile. What a
// message costs are its tokens, and a single one is taken whole.
const (
	searchStep   = 128  // events
	searchTokens = 4000 // tokens
)

// searchPause gathers what is to be indexed. While there always is something, searchEvery
// does: a commit costs as much as some messages.
const (
	searchPause = 100 * time.Millisecond
	searchEvery = time.Second
)

// searchShare is how many times as long as it worked the indexer pauses while changes
// are to be committed: search may lag, appends may not.
const searchShare = 4

// searchPoll is how often the cursor looks for what other nodes have committed.
const searchPoll = time.Second

// wakeSearch hints that there is something to index.
func (s *Store) wakeSearch() {
	select {
	case s.search <- struct{}{}:
	default:
	}
}

// searchLoop follows the log and keeps the index at the messages' present state.
func (s *Store) searchLoop(ctx context.Context) {
	t := time.NewTicker(searchPoll)
	defer t.Stop()
	var last time.Time // when something was to be indexed
	for {
		for more := true; more && ctx.Err() == nil; {
			start := time.Now()
			again, err := s.index(ctx)
			if err != nil && ctx.Err() == nil {
				s.cfg.Logger.Warn("indexing for search failed, trying again", "error", err)
			}
			if s.committing() {
				pause(ctx, searchShare*time.Since(start))
			}
			more = again && err == nil
		}
		select {
		case <-ctx.Done():
			return
		case <-s.search:
			pause(ctx, max(searchPause, searchEvery-time.Since(last)))
			last = time.Now()
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

// index does one step: it moves the cursor over the events whose texts it has indexed and
// says whether more is known to wait.
func (s *Store) index(ctx context.Context) (more bool, err error) {
	var head, done int64
	err = s.read.QueryRowContext(ctx, `SELECT n.pos, c.pos FROM counters n JOIN cursors c ON c.shard = n.shard
		WHERE c.name = 'search' AND c.shard = 0`).Scan(&head, &done)
	if err != nil || head <= done {
		return false, err
	}
	err = s.inWrite(ctx, func(q querier) error {
		var pos int64 // the update keeps other nodes from indexing the same
		if err := q.QueryRowContext(ctx, `UPDATE cursors SET pos = pos WHERE name = 'search' AND shard = 0 RETURNING pos`).Scan(&pos); err != nil {
			return fmt.Errorf("read cursor: %w", err)
		}
		events, err := loadEvents(ctx, q, `WHERE pos > $1 ORDER BY pos LIMIT $2`, pos, searchStep)
		if err != nil {
			return err
		}
		whole, err := indexEvents(ctx, q, s.db.words(), events)
		if err != nil {
			return err
		}
		if whole > 0 {
			pos = int64(events[whole-1].Pos)
		}
		if more = whole < len(events) || whole == searchStep; !more {
			pos = max(pos, head) // behind the last event there may be acts, which have a pos too
		}
		_, err = q.ExecContext(ctx, `UPDATE cursors SET pos = $1 WHERE name = 'search' AND shard = 0`, pos)
		return err
	})
	return more && err == nil, err
}

// indexEvents indexes the texts that events changed, for as many as a step takes, and
// says of how many events. What hides a message doesn't change by what it is found:
// staff find hidden ones too.
func indexEvents(ctx context.Context, q querier, words wordIndex, events []eventRow) (int, error) {
	var ids []chat.MessageID
	var of []int // whose ids these are
	edited := false
	for i, e := range events {
		if e.Kind == chat.EventMessage || e.Kind == chat.EventEdited {
			ids, of = append(ids, e.message), append(of, i)
			edited = edited || e.Kind == chat.EventEdited
		}
	}
	n, err := indexMessages(ctx, q, words, ids, edited)
	if n < len(ids) && err == nil {
		return of[n], nil
	}
	return len(events), err
}

// document is a message as it is to be found: by words that are in it.
type document struct {
	message, room, author string
	at                    int64
	tokens                []string
}

// wordIndex finds messages by their words. It is changed in the transaction that moves the cursor.
type wordIndex interface {
	// replace indexes documents; with had, some of them are indexed as they were before.
	replace(ctx context.Context, q querier, docs []document, had bool) error
	// find finds up to limit of the messages that f wants, before a place, the latest first. It wants some words.
	find(f *finder, room chat.RoomID, before place, limit int) ([]place, error)
}

// indexMessages indexes messages as they are now, for as many as a step takes, and says of how many: at least
// one. Where none of them was edited, none is indexed yet.
func indexMessages(ctx context.Context, q querier, words wordIndex, ids []chat.MessageID, edited bool) (n int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	have, err := loadDocuments(ctx, q, padded(ids))
	if err != nil {
		return 0, err
	}
	cost := 0
	docs := make([]document, 0, len(ids))
	seen := make(map[chat.MessageID]bool, len(ids))
	for ; n < len(ids); n++ {
		d, there := have[ids[n]]
		if !there || seen[ids[n]] {
			continue
		}
		if cost += len(d.tokens); n > 0 && cost > searchTokens {
			break
		}
		seen[ids[n]] = true
		docs = append(docs, d)
	}
	return n, words.replace(ctx, q, docs, edited)
}

// loadDocuments makes documents of messages: of what everybody reads, and of what an author
// alone does, who edited it under a shadow.
func loadDocuments(ctx context.Context, q querier, ids []any) (map[chat.MessageID]document, error) {
	rows, err := q.QueryContext(ctx, `SELECT m.id, m.room, m.author_id, m.at, m.text, coalesce(e.text, '')
		FROM messages m LEFT JOIN shadow_edits e ON e.message = m.id
		WHERE m.id IN (`+list(1, len(ids))+`)`, ids...)
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	have := make(map[chat.MessageID]document)
	err = eachRow(rows, func() error {
		var d document
		var text, own string
		if err := rows.Scan(&d.message, &d.room, &d.author, &d.at, &text, &own); err != nil {
			return err
		}
		d.tokens = chat.Tokens(text + "\n" + own)
		have[chat.MessageID(d.message)] = d
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	return have, nil
}
