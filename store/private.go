package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/chatd/chatd/chat"
)

// private is what single users see otherwise than everybody else, on some messages: edits
// and reactions that they made under a shadow.
type private struct {
	edits     map[chat.MessageID]ownEdit
	reactions map[chat.MessageID][]ownReaction
}

type ownEdit struct {
	author   chat.UserID
	text     string
	mentions []chat.UserID
	at       int64
}

type ownReaction struct {
	user  chat.UserID
	emoji string
	state int
}

// loadPrivate reads what viewer, or anybody where that is empty, sees otherwise of
// messages and of what they quote.
func loadPrivate(ctx context.Context, q querier, viewer chat.UserID, messages []chat.Message) (*private, error) {
	p := &private{edits: map[chat.MessageID]ownEdit{}, reactions: map[chat.MessageID][]ownReaction{}}
	seen := make(map[chat.MessageID]bool, len(messages))
	var ids []chat.MessageID
	note := func(id chat.MessageID) {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, m := range messages {
		note(m.ID)
		if m.ReplyTo != nil {
			note(m.ReplyTo.ID)
		}
	}
	for some := range slices.Chunk(ids, maxList) {
		args := append([]any{string(viewer)}, padded(some)...)
		if err := p.loadEdits(ctx, q, args); err != nil {
			return nil, fmt.Errorf("read own edits: %w", err)
		}
		if err := p.loadReactions(ctx, q, args); err != nil {
			return nil, fmt.Errorf("read own reactions: %w", err)
		}
	}
	return p, nil
}

func (p *private) loadEdits(ctx context.Context, q querier, args []any) error {
	rows, err := q.QueryContext(ctx, `SELECT m.id, m.author_id, e.text, e.mentions, e.at FROM shadow_edits e
		JOIN messages m ON m.id = e.message WHERE e.message IN (`+list(2, len(args)-1)+`) AND ($1 = '' OR m.author_id = $1)`, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, func() error {
		var id chat.MessageID
		var e ownEdit
		var mentions string
		if err := rows.Scan(&id, &e.author, &e.text, &mentions, &e.at); err != nil {
			return err
		}
		var err error
		e.mentions, err = decodeIDs(mentions)
		p.edits[id] = e
		return err
	})
}

func (p *private) loadReactions(ctx context.Context, q querier, args []any) error {
	rows, err := q.QueryContext(ctx, `SELECT r.message, r.user_id, r.emoji, r.shadow FROM reactions r
		WHERE r.shadow <> 0 AND r.message IN (`+list(2, len(args)-1)+`) AND ($1 = '' OR r.user_id = $1)
		ORDER BY r.message, r.user_id, r.emoji COLLATE "binary"`, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, func() error {
		var id chat.MessageID
		var r ownReaction
		err := rows.Scan(&id, &r.user, &r.emoji, &r.state)
		p.reactions[id] = append(p.reactions[id], r)
		return err
	})
}

// users are those who see something of these messages otherwise than everybody else.
func (p *private) users(messages ...chat.Message) []chat.UserID {
	var all []chat.UserID
	note := func(u chat.UserID) {
		if u != "" && !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	for _, m := range messages {
		note(p.edits[m.ID].author)
		if m.ReplyTo != nil {
			note(p.edits[m.ReplyTo.ID].author)
		}
		for _, r := range p.reactions[m.ID] {
			note(r.user)
		}
	}
	return all
}

// show is a message as viewer sees it.
func (p *private) show(viewer chat.UserID, m chat.Message) chat.Message {
	if viewer == "" {
		return m
	}
	if e, ok := p.edits[m.ID]; ok && e.author == viewer {
		m.Text, m.Mentions, m.EditedAt = e.text, e.mentions, instant(e.at)
		m.HTML, m.Plain = chat.Render(m.Text)
	}
	if m.ReplyTo != nil && m.ReplyTo.Excerpt != "" { // it isn't gone
		if e, ok := p.edits[m.ReplyTo.ID]; ok && e.author == viewer {
			r := *m.ReplyTo
			r.Excerpt = excerpt(e.text)
			m.ReplyTo = &r
		}
	}
	m.Reactions = p.totals(viewer, m.ID, m.Reactions)
	return m
}

// totals are those of a message's reactions as viewer sees them.
func (p *private) totals(viewer chat.UserID, id chat.MessageID, of []chat.Reaction) []chat.Reaction {
	copied := false
	for _, r := range p.reactions[id] {
		if r.user != viewer {
			continue
		}
		if !copied {
			of, copied = slices.Clone(of), true
		}
		i := slices.IndexFunc(of, func(t chat.Reaction) bool { return t.Emoji == r.emoji })
		switch {
		case r.state == reactionTaken && i >= 0:
			if of[i].Count--; of[i].Count == 0 {
				of = slices.Delete(of, i, i+1)
			}
		case r.state == reactionAlone && i >= 0:
			of[i].Count++
		case r.state == reactionAlone:
			of = append(of, chat.Reaction{Emoji: r.emoji, Count: 1})
		}
	}
	return of
}

// showTo changes messages to what viewer sees of them.
func showTo(ctx context.Context, q querier, viewer chat.UserID, messages ...[]chat.Message) error {
	p, err := loadPrivate(ctx, q, viewer, slices.Concat(messages...))
	if err != nil {
		return err
	}
	for _, all := range messages {
		for i := range all {
			all[i] = p.show(viewer, all[i])
		}
	}
	return nil
}
