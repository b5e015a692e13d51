package api

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/chatd/chatd/chat"
)

// MakeSanction implements POST /sanctions.
func (h *handler) MakeSanction(ctx context.Context, in MakeSanctionRequestObject) (MakeSanctionResponseObject, error) {
	return h.sanction(ctx, "", *in.Body, 0)
}

// PutSanction implements PUT /sanctions/{sanction}.
func (h *handler) PutSanction(ctx context.Context, in PutSanctionRequestObject) (PutSanctionResponseObject, error) {
	version, err := ifMatch(ctx)
	if err != nil {
		return nil, err
	}
	if in.Body.Target == nil {
		return nil, invalid([]FieldError{{Field: "/target", Message: "A sanction with an id needs a target."}})
	}
	id := chat.SanctionID(in.Sanction)
	if onlyNew(ctx) || onlyThere(ctx) {
		x, err := h.chat.Directory.Sanction(ctx, id)
		if err != nil && !chat.IsKind(err, chat.NotFound) {
			return nil, err
		}
		if (err == nil) == onlyNew(ctx) {
			return nil, stale()
		}
		version = x.Version
	}
	return h.sanction(ctx, id, *in.Body, version)
}

func (h *handler) sanction(ctx context.Context, id chat.SanctionID, d SanctionDraft, ifVersion int64) (acted, error) {
	so, err := toSanctionOrder(d)
	if err != nil {
		return acted{}, err
	}
	so.ID, so.IfVersion = id, ifVersion
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		o.Force = value(d.Force)
		return h.chat.Sanction(ctx, o, so)
	}, func(out chat.Outcome) answer {
		a := answer{status: http.StatusCreated, body: h.toActResult(ctx, out)}
		if id == "" {
			return a
		}
		if out.Act.Kind != chat.ActSanction {
			a.status = http.StatusOK // it was there, and is as it is to be now
		}
		if i := slices.IndexFunc(out.Sanctions, func(x chat.Sanction) bool { return x.ID == id }); i >= 0 {
			a.version = out.Sanctions[i].Version
		}
		return a
	})
}

// ImportSanctions implements POST /sanctions/import.
func (h *handler) ImportSanctions(ctx context.Context, in ImportSanctionsRequestObject) (ImportSanctionsResponseObject, error) {
	orders := make([]chat.SanctionOrder, len(in.Body.Sanctions))
	names := make([]string, len(orders)) // as failures call them
	for i, e := range in.Body.Sanctions {
		so, err := toSanctionOrder(SanctionDraft{
			Target: &e.Target, Scope: e.Scope, Effect: e.Effect, IntervalSeconds: e.IntervalSeconds, Reason: e.Reason,
			Note: e.Note, StartsAt: e.StartsAt, DurationSeconds: e.DurationSeconds, Evidence: e.Evidence,
			AddressForSeconds: e.AddressForSeconds,
		})
		if err != nil {
			return nil, fmt.Errorf("sanction %d: %w", i, err)
		}
		so.ID = chat.SanctionID(value(e.ID))
		orders[i], names[i] = so, value(e.ID)
		if names[i] == "" {
			names[i] = fmt.Sprint(i)
		}
	}
	return h.actOnList(ctx, names, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.ImportSanctions(ctx, o, orders)
	})
}

// ChangeSanction implements PATCH /sanctions/{sanction}.
func (h *handler) ChangeSanction(ctx context.Context, in ChangeSanctionRequestObject) (ChangeSanctionResponseObject, error) {
	version, err := ifMatch(ctx)
	if err != nil {
		return nil, err
	}
	step := chat.AlterStep{ID: chat.SanctionID(in.Sanction), Reason: in.Body.Reason, Note: in.Body.Note, IfVersion: version}
	if in.Body.ExpiresAt.IsSpecified() {
		end, _ := in.Body.ExpiresAt.Get() // the zero time for null: never
		step.Expires = &end
	}
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.AlterSanction(ctx, o, step)
	}, func(out chat.Outcome) answer {
		a := answer{status: http.StatusOK, body: h.toActResult(ctx, out)}
		if len(out.Sanctions) > 0 {
			a.version = out.Sanctions[0].Version
		}
		return a
	})
}

// LiftSanction implements DELETE /sanctions/{sanction}.
func (h *handler) LiftSanction(ctx context.Context, in LiftSanctionRequestObject) (LiftSanctionResponseObject, error) {
	version, err := ifMatch(ctx)
	if err != nil {
		return nil, err
	}
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.LiftIf(ctx, o, chat.SanctionID(in.Sanction), version)
	})
}

// LiftSanctions implements POST /sanctions/lift.
func (h *handler) LiftSanctions(ctx context.Context, in LiftSanctionsRequestObject) (LiftSanctionsResponseObject, error) {
	return h.actOnList(ctx, in.Body.Ids, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Lift(ctx, o, idsOf[chat.SanctionID](in.Body.Ids))
	})
}

// toSanctionOrder reads a draft.
func toSanctionOrder(d SanctionDraft) (chat.SanctionOrder, error) {
	so := chat.SanctionOrder{
		Rooms: value(d.Scope), Effect: chat.Effect(d.Effect), Interval: seconds(value(d.IntervalSeconds)),
		Reason: value(d.Reason), Note: value(d.Note), Starts: value(d.StartsAt), Duration: seconds(value(d.DurationSeconds)),
		Evidence: idsOf[chat.MessageID](value(d.Evidence)), AddressFor: addressFor(d.AddressForSeconds),
	}
	switch {
	case (d.Target == nil) == (d.Selection == nil):
		return so, invalid([]FieldError{{Field: "/target", Message: "Give either target or selection."}})
	case d.Selection != nil:
		sel := toSelection(*d.Selection)
		so.Selection = &sel
	default:
		t, err := toTargetOrder(*d.Target)
		if err != nil {
			return so, err
		}
		so.Target = &t
	}
	if d.Purge != nil {
		so.Purge = chat.PurgeAll
		if s := d.Purge.SinceSeconds; s != nil {
			so.Purge = seconds(*s)
		}
	}
	return so, nil
}

// addressFor is negative for not at all.
func addressFor(n *int64) time.Duration {
	if n != nil && *n == 0 {
		return -1
	}
	return seconds(value(n))
}

func toTargetOrder(t TargetDraft) (chat.Target, error) {
	out := chat.Target{User: chat.UserID(value(t.User)), Alias: value(t.AddressHash)}
	if t.Only != nil && *t.Only != OnlyAll {
		out.Only = chat.Only(*t.Only)
	}
	given := 0
	for _, p := range []*string{t.User, t.Address, t.AddressHash} {
		if p != nil {
			given++
		}
	}
	if given != 1 {
		return out, invalid([]FieldError{{Field: "/target", Message: "Give exactly one of user, address and address_hash."}})
	}
	if t.Address == nil {
		return out, nil
	}
	var err error
	if out.Prefix, err = parsePrefix(*t.Address); err != nil {
		return out, invalid([]FieldError{{Field: "/target/address", Message: "Give an address like 192.0.2.7, or a prefix like 192.0.2.0/24."}})
	}
	return out, nil
}

// parsePrefix reads a prefix, or an address as one of its own.
func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

func toSelection(s Selection) chat.Selection {
	return chat.Selection{
		Room: chat.RoomID(value(s.Room)), Users: idsOf[chat.UserID](value(s.Users)), JoinedSince: value(s.JoinedSince),
		FirstSeenSince: value(s.FirstSeenSince), NameLike: value(s.NameLike), TextLike: value(s.TextLike),
		TextsSince: value(s.TextsSince), WithSignedIn: s.GuestsOnly != nil && !*s.GuestsOnly,
	}
}

// idsOf makes ids of what a request names; nil of nothing.
func idsOf[T, S ~string](all []S) []T {
	if len(all) == 0 {
		return nil
	}
	return each(all, func(s S) T { return T(s) })
}
