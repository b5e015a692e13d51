package api

import (
	"context"
	"slices"

	"github.com/chatd/chatd/chat"
)

// ListUsers implements GET /users.
func (h *handler) ListUsers(ctx context.Context, in ListUsersRequestObject) (ListUsersResponseObject, error) {
	by := callerOf(ctx).actor
	q := chat.UserQuery{Text: value(in.Params.Q), SeenSince: value(in.Params.SeenSince), Guests: in.Params.Guests}
	open := make(map[chat.UserID]int)
	for _, l := range h.chat.Sessions.List() {
		open[l.Actor.ID]++
	}
	items, next, err := pageOf(ctx, in.Params.Limit, func(after string, limit int) ([]chat.Seen, error) {
		q.After, q.Limit = chat.UserID(after), limit
		return h.chat.ListUsers(ctx, by, q)
	}, func(u chat.Seen) string { return string(u.ID) }, func(u chat.Seen) User {
		return toUser(u, open[u.ID], len(h.chat.StandingAgainst(by, u.ID)))
	})
	return ListUsers200JSONResponse{Items: items, Next: next}, err
}

// notesCounted bounds how many notes are counted.
const notesCounted = 1000

// ShowUser implements GET /users/{user}.
func (h *handler) ShowUser(ctx context.Context, in ShowUserRequestObject) (ShowUserResponseObject, error) {
	by, id := callerOf(ctx).actor, chat.UserID(in.User)
	u, ways, err := h.chat.ShowUser(ctx, by, id)
	if err != nil {
		return nil, err
	}
	notes, err := h.chat.ListNotes(ctx, by, id, "", notesCounted)
	if err != nil {
		return nil, err
	}
	connections, rooms := h.whereabouts(by, id)
	standing := h.chat.StandingAgainst(by, id)
	return ShowUser200JSONResponse{
		User: toUser(u, connections, len(standing)), TokensFrom: optional(u.TokensFrom), Rooms: texts(rooms),
		Addresses: each(ways, toSighting), Sanctions: each(standing, sanctionAt(h.chat.Now())), Notes: len(notes),
	}, nil
}

// whereabouts counts a user's connections, and lists the rooms of the caller's that they are in.
func (h *handler) whereabouts(by chat.Actor, id chat.UserID) (connections int, rooms []chat.RoomID) {
	for _, l := range h.chat.Sessions.List() {
		if l.Actor.ID != id {
			continue
		}
		connections++
		for _, r := range l.Rooms {
			if by.Grant.Covers(r) {
				rooms = append(rooms, r)
			}
		}
	}
	slices.Sort(rooms)
	return connections, slices.Compact(rooms)
}

func toUser(u chat.Seen, connections, sanctions int) User {
	return User{
		ID: string(u.ID), Name: u.Name, Role: AuthorRole(u.Role), FirstSeen: u.FirstSeen.UTC(), LastSeen: u.LastSeen.UTC(),
		Connections: connections, Messages: u.Messages, Sanctions: sanctions,
	}
}

func toSighting(w chat.Sighting) Sighting {
	out := Sighting{
		Alias: w.Alias, Agent: orNull(w.Agent), Tokenless: w.Tokenless, FirstSeen: w.First.UTC(), LastSeen: w.Last.UTC(),
	}
	if w.Addr.IsValid() {
		a := w.Addr.String()
		out.Address = &a
	}
	return out
}
