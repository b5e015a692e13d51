package api

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/chatd/chatd/chat"
)

// ListSanctions implements GET /sanctions.
func (h *handler) ListSanctions(ctx context.Context, in ListSanctionsRequestObject) (ListSanctionsResponseObject, error) {
	now := h.chat.Now()
	q := chat.SanctionQuery{
		Now: now, User: chat.UserID(value(in.Params.User)), Room: chat.RoomID(value(in.Params.Room)), Effect: chat.Effect(value(in.Params.Effect)),
		By: chat.UserID(value(in.Params.By)), Standing: standing(in.Params.Standing),
	}
	var err error
	if q.Addr, q.Alias, err = addressFilter(in.Params.Address); err != nil {
		return nil, err
	}
	items, next, err := pageOf(ctx, in.Params.Limit, func(after string, limit int) ([]chat.Sanction, error) {
		q.Before, q.Limit = chat.SanctionID(after), limit
		return h.chat.ListSanctions(ctx, callerOf(ctx).actor, q)
	}, func(x chat.Sanction) string { return string(x.ID) }, sanctionAt(now))
	return ListSanctions200JSONResponse{Items: items, Next: next}, err
}

// standing is the filter; nil for all. Those that stand unless asked otherwise.
func standing(s *Standing) *bool {
	if s != nil && *s == StandingAll {
		return nil
	}
	stands := s == nil || *s == StandingTrue
	return &stands
}

// aliasStart is how the alias of an address begins.
const aliasStart = "addr_"

// addressFilter reads a filter that is an address or an alias of one.
func addressFilter(p *string) (netip.Addr, string, error) {
	if p == nil {
		return netip.Addr{}, "", nil
	}
	if strings.HasPrefix(*p, aliasStart) {
		return netip.Addr{}, *p, nil
	}
	a, err := netip.ParseAddr(*p)
	if err != nil {
		return netip.Addr{}, "", invalid([]FieldError{{Field: "address", Message: "Give one address, or the alias of one."}})
	}
	return a.Unmap().WithZone(""), "", nil
}

// ShowSanction implements GET /sanctions/{sanction}.
func (h *handler) ShowSanction(ctx context.Context, in ShowSanctionRequestObject) (ShowSanctionResponseObject, error) {
	x, err := h.chat.ShowSanction(ctx, callerOf(ctx).actor, chat.SanctionID(in.Sanction))
	if err != nil {
		return nil, err
	}
	tellAct(ctx, "", x.Version)
	return ShowSanction200JSONResponse(toSanction(x, h.chat.Now())), nil
}

func sanctionAt(now time.Time) func(chat.Sanction) Sanction {
	return func(x chat.Sanction) Sanction { return toSanction(x, now) }
}

func toSanction(x chat.Sanction, now time.Time) Sanction {
	return Sanction{
		ID: string(x.ID), Act: string(x.Act), Target: toTarget(x.Target), Also: texts(x.Also), Name: x.Name,
		Scope: orNull(x.Rooms), Effect: Effect(x.Effect), IntervalSeconds: wholeSeconds(x.Interval), Reason: x.Reason,
		Note: x.Note, By: string(x.By), Via: Via(x.Via), Rule: orNull(x.Rule), With: orNull(x.With),
		Evidence: texts(x.Evidence), At: x.At.UTC(), StartsAt: x.Starts.UTC(), ExpiresAt: optional(x.Expires),
		Standing: x.Standing(now), LiftedAt: optional(x.LiftedAt), LiftedBy: orNull(x.LiftedBy), LiftedIn: orNull(x.LiftedIn),
		Version: x.Version,
	}
}

func toTarget(t chat.Target) Target {
	out := Target{User: orNull(t.User), AddressHash: orNull(t.Alias), Only: OnlyAll}
	if t.Prefix.IsValid() {
		p := t.Prefix.String()
		out.Address = &p
	}
	if t.Only != chat.Everyone {
		out.Only = Only(t.Only)
	}
	return out
}
