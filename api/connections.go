package api

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/chatd/chatd/chat"
)

// ListConnections implements GET /connections.
func (h *handler) ListConnections(ctx context.Context, in ListConnectionsRequestObject) (ListConnectionsResponseObject, error) {
	by := callerOf(ctx).actor
	fits, err := connectionFilter(by, in.Params)
	if err != nil {
		return nil, err
	}
	now := h.chat.Now()
	items, next, err := pageOf(ctx, in.Params.Limit, func(after string, _ int) ([]chat.LiveSession, error) {
		all, err := h.chat.ListConnections(ctx, by)
		return slices.DeleteFunc(all, func(l chat.LiveSession) bool { return string(l.ID) <= after || !fits(l) }), err
	}, func(l chat.LiveSession) string { return string(l.ID) }, func(l chat.LiveSession) Connection {
		return toConnection(l, now)
	})
	return ListConnections200JSONResponse{Items: items, Next: next}, err
}

func connectionFilter(by chat.Actor, p ListConnectionsParams) (func(chat.LiveSession) bool, error) {
	from, err := addressMatch(by, p.Address)
	if err != nil {
		return nil, err
	}
	return func(l chat.LiveSession) bool {
		return (p.User == nil || string(l.Actor.ID) == *p.User) &&
			(p.Room == nil || slices.Contains(l.Rooms, chat.RoomID(*p.Room))) &&
			(p.Protocol == nil || l.Protocol == string(*p.Protocol)) && from(l)
	}, nil
}

// addressMatch reads a filter that is an address, a prefix, or an alias of one.
func addressMatch(by chat.Actor, p *string) (func(chat.LiveSession) bool, error) {
	switch {
	case p == nil:
		return func(chat.LiveSession) bool { return true }, nil
	case strings.HasPrefix(*p, aliasStart):
		return func(l chat.LiveSession) bool { return l.Actor.Alias == *p }, nil
	case !by.Grant.Has(chat.AddressesRead):
		return nil, chat.Refuse(chat.Forbidden, "scope_missing", "Addresses need the scope %s; ask by their alias.", chat.AddressesRead)
	}
	prefix, err := parsePrefix(*p)
	if err != nil {
		return nil, invalid([]FieldError{{Field: "address", Message: "Give an address, a prefix, or the alias of an address."}})
	}
	return func(l chat.LiveSession) bool { return prefix.Contains(l.Addr.Unmap().WithZone("")) }, nil
}

func toConnection(l chat.LiveSession, now time.Time) Connection {
	out := Connection{
		ID: string(l.ID), User: string(l.Actor.ID), Name: l.Actor.Name, Role: AuthorRole(l.Actor.Role), Alias: l.Actor.Alias,
		Agent: l.Actor.Agent, Rooms: texts(l.Rooms), Since: l.Since.UTC(), Protocol: Protocol(l.Protocol),
		BytesOut: l.BytesOut, Queue: l.Queued,
	}
	if l.Addr.IsValid() {
		out.Address = addressText(l.Addr)
	}
	// Of a connection's first second there is no rate to tell.
	out.FramesPerSecond = float64(l.FramesIn) / max(1, now.Sub(l.Since).Seconds())
	slices.Sort(out.Rooms)
	return out
}

func addressText(a netip.Addr) *string {
	s := a.Unmap().String()
	return &s
}

// Disconnect implements POST /connections/disconnect.
func (h *handler) Disconnect(ctx context.Context, in DisconnectRequestObject) (DisconnectResponseObject, error) {
	given := 0
	for _, is := range []bool{in.Body.Connections != nil, in.Body.Users != nil, in.Body.Selection != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return nil, invalid([]FieldError{{Field: "/connections", Message: "Give exactly one of connections, users and selection."}})
	}
	if in.Body.Connections != nil {
		ids := *in.Body.Connections
		return h.actOnList(ctx, ids, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
			return h.chat.Disconnect(ctx, o, idsOf[chat.SessionID](ids), nil)
		})
	}
	sel := chat.Selection{Users: idsOf[chat.UserID](value(in.Body.Users)), WithSignedIn: true}
	if in.Body.Selection != nil {
		sel = toSelection(*in.Body.Selection)
	}
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Disconnect(ctx, o, nil, &sel)
	}, func(out chat.Outcome) answer {
		r := listed(h.toActResult(ctx, out), out.Act.Users)
		return answer{status: http.StatusOK, body: r}
	})
}
