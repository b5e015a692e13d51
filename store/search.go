package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/chatd/chatd/chat"
)

// The bounds of one transaction of the indexer; on SQLite appends wait meanwhile. What a
// message costs are its tokens, and a single one is taken whole.
const (
	searchEvents = 128
	searchTokens = 4000
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
		step := searchStep{pos: pos}
		if err := step.read(ctx, q, s.db.words()); err != nil {
			return err
		}
		if err := s.db.words().replace(ctx, q, step.docs); err != nil {
			return err
		}
		if more = step.more; !more {
			step.pos = max(step.pos, head) // behind the last event there may be acts, which have a pos too
		}
		_, err := q.ExecContext(ctx, `UPDATE cursors SET pos = $1 WHERE name = 'search' AND shard = 0`, step.pos)
		return err
	})
	return more && err == nil, err
}

// searchStep is what one transaction indexes.
type searchStep struct {
	pos    int64 // of the last event whose text it has
	docs   []document
	more   bool // there may be more
	tokens int
}

// read gathers the texts that events changed. What hides a message doesn't change by what it is found: staff find
// hidden ones too.
func (p *searchStep) read(ctx context.Context, q querier, words wordIndex) error {
	rows, err := q.QueryContext(ctx, `SELECT e.pos, e.kind, `+documentColumns(words)+`
		FROM events e LEFT JOIN messages m ON m.id = e.message AND e.kind IN ('message', 'edited')
		LEFT JOIN shadow_edits s ON s.message = m.id
		WHERE e.pos > $1 ORDER BY e.pos LIMIT $2`, p.pos, searchEvents)
	if err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	n := 0
	seen := make(map[string]bool)
	err = eachRow(rows, func() error {
		var pos int64
		var kind chat.EventKind
		d, err := scanDocument(rows, &pos, &kind)
		if err != nil {
			return err
		}
		if n++; d.message != "" && !seen[d.message] {
			if p.tokens += len(d.tokens); len(p.docs) > 0 && p.tokens > searchTokens {
				p.more = true
				return errStop
			}
			seen[d.message] = true
			d.had = kind == chat.EventEdited
			p.docs = append(p.docs, d)
		}
		p.pos = pos
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return fmt.Errorf("read texts: %w", err)
	}
	p.more = p.more || n == searchEvents
	return nil
}

// document is a message as it is to be found: by words that are in it.
type document struct {
	message, room, author string
	doc                   int64 // what wordIndex calls it
	at                    int64
	tokens                []string
	had                   bool // it is indexed as it was before
}

// wordIndex finds messages by their words. It is changed in the transaction that moves the cursor.
type wordIndex interface {
	// doc is the column of messages m by which the index knows them.
	doc() string
	// replace indexes documents.
	replace(ctx context.Context, q querier, docs []document) error
	// find finds up to limit of the messages that f wants, before a place, the latest first. It wants some words.
	find(f *finder, room chat.RoomID, before place, limit int) ([]place, error)
}

// documentColumns are those of messages m and shadow_edits s that scanDocument reads; where there is no such message, empty.
func documentColumns(words wordIndex) string {
	return `coalesce(m.id, ''), coalesce(m.room, ''), coalesce(m.author_id, ''), coalesce(` + words.doc() + `, 0), coalesce(m.at, 0),
		coalesce(m.text, ''), coalesce(s.text, '')`
}

// scanDocument reads a document, after columns that stand before it. It is found by what everybody reads, and by what its author
// alone does, who edited it under a shadow.
func scanDocument(rows *sql.Rows, before ...any) (document, error) {
	var d document
	var text, own string
	if err := rows.Scan(append(before, &d.message, &d.room, &d.author, &d.doc, &d.at, &text, &own)...); err != nil {
		return d, err
	}
	if own != "" {
		text += "\n" + own
	}
	d.tokens = chat.Tokens(text)
	return d, nil
}
