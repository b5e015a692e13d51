package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/chatd/chatd/chat"
)

// RevokeTokens implements POST /users/{user}/revoke-tokens.
func (h *handler) RevokeTokens(ctx context.Context, in RevokeTokensRequestObject) (RevokeTokensResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.RevokeTokens(ctx, o, chat.UserID(in.User), in.Body.Before)
	})
}

// maxScore is that of a likeness without doubt.
const maxScore = 100

// LikelySame implements GET /users/{user}/likely-same.
func (h *handler) LikelySame(ctx context.Context, in LikelySameRequestObject) (LikelySameResponseObject, error) {
	// The likeliest first: by score, and of equals by id.
	key := func(l chat.Likeness) string { return fmt.Sprintf("%03d %s", maxScore-l.Score, l.User) }
	items, next, err := pageOf(ctx, in.Params.Limit, func(after string, _ int) ([]chat.Likeness, error) {
		all, err := h.chat.LikelySame(ctx, callerOf(ctx).actor, chat.UserID(in.User))
		if err != nil {
			return nil, err
		}
		slices.SortFunc(all, func(a, b chat.Likeness) int { return strings.Compare(key(a), key(b)) })
		return slices.DeleteFunc(all, func(l chat.Likeness) bool { return after != "" && key(l) <= after }), nil
	}, key, func(l chat.Likeness) Likeness {
		return Likeness{User: string(l.User), Name: l.Name, LastSeen: l.Last.UTC(), Why: texts(l.Why), Score: l.Score}
	})
	return LikelySame200JSONResponse{Items: items, Next: next}, err
}

// ListNotes implements GET /users/{user}/notes.
func (h *handler) ListNotes(ctx context.Context, in ListNotesRequestObject) (ListNotesResponseObject, error) {
	items, next, err := pageOf(ctx, in.Params.Limit, func(after string, limit int) ([]chat.Note, error) {
		return h.chat.ListNotes(ctx, callerOf(ctx).actor, chat.UserID(in.User), chat.NoteID(after), limit)
	}, func(n chat.Note) string { return string(n.ID) }, toNote)
	return ListNotes200JSONResponse{Items: items, Next: next}, err
}

// noteVersion is that of every note: it is written once, and never changed.
const noteVersion = 1

// AddNote implements POST /users/{user}/notes.
func (h *handler) AddNote(ctx context.Context, in AddNoteRequestObject) (AddNoteResponseObject, error) {
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.AddNote(ctx, o, chat.UserID(in.User), in.Body.Text)
	}, func(out chat.Outcome) answer {
		n := Note{User: in.User, Text: in.Body.Text, By: string(out.Act.By), At: out.Act.At.UTC(), Version: noteVersion}
		for _, e := range out.Act.Effects {
			if e.What == "note_added" {
				n.ID = e.Subject
			}
		}
		return answer{status: http.StatusCreated, body: n}
	})
}

// DeleteNote implements DELETE /users/{user}/notes/{note}.
func (h *handler) DeleteNote(ctx context.Context, in DeleteNoteRequestObject) (DeleteNoteResponseObject, error) {
	version, err := ifMatch(ctx)
	if err != nil {
		return nil, err
	}
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		if version != 0 && version != noteVersion {
			return chat.Outcome{}, stale()
		}
		return h.chat.RemoveNote(ctx, o, chat.UserID(in.User), chat.NoteID(in.Note))
	})
}

func toNote(n chat.Note) Note {
	return Note{ID: string(n.ID), User: string(n.User), Text: n.Text, By: string(n.By), At: n.At.UTC(), Version: noteVersion}
}
