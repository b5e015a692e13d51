package api

import (
	"context"
	"net/http"
	"time"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// defaultInviteFor is how long an invitation lasts where the request doesn't say.
const defaultInviteFor = 72 * time.Hour

// ListInvites implements GET /invites.
func (h *handler) ListInvites(ctx context.Context, in ListInvitesRequestObject) (ListInvitesResponseObject, error) {
	list := func(after string, limit int) ([]chat.Invite, error) {
		return h.chat.ListInvites(ctx, callerOf(ctx).actor, after, limit)
	}
	items, next, err := pageOf(ctx, in.Params.Limit, list, func(i chat.Invite) string { return i.ID }, toInvite)
	if err != nil {
		return nil, err
	}
	return ListInvites200JSONResponse{Items: items, Next: next}, nil
}

func toInvite(i chat.Invite) Invite {
	return Invite{
		ID: i.ID, Role: Role(i.Role), Rooms: toRooms(i.Rooms), By: string(i.By), At: i.CreatedAt.UTC(), ExpiresAt: i.ExpiresAt.UTC(),
	}
}

// MakeInvite implements POST /invites.
func (h *handler) MakeInvite(ctx context.Context, in MakeInviteRequestObject) (MakeInviteResponseObject, error) {
	lasts := defaultInviteFor
	if in.Body.ExpiresSeconds != nil {
		lasts = seconds(*in.Body.ExpiresSeconds)
	}
	token, hash := access.NewInviteToken()
	i := chat.Invite{
		ID: h.gate.newID(), Hash: hash, Role: chat.StaffRole(in.Body.Role), Rooms: value(in.Body.Rooms),
		ExpiresAt: h.gate.now().UTC().Truncate(time.Millisecond).Add(lasts),
	}
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.Invite(ctx, o, i)
	}, func(out chat.Outcome) answer {
		i := i
		i.By, i.CreatedAt = out.Act.By, out.Act.At
		return answer{status: http.StatusCreated, body: InviteSecret{Invite: toInvite(i), Token: token}}
	})
}

// RevokeInvite implements DELETE /invites/{invite}.
func (h *handler) RevokeInvite(ctx context.Context, in RevokeInviteRequestObject) (RevokeInviteResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.RemoveInvite(ctx, o, in.Invite)
	})
}

// AcceptInvite implements POST /invites/accept.
func (h *handler) AcceptInvite(ctx context.Context, in AcceptInviteRequestObject) (AcceptInviteResponseObject, error) {
	k := callOf(ctx)
	if err := h.gate.throttle.joining(ctx, chat.AddrKey(k.addr)); err != nil {
		return nil, err
	}
	hash, err := access.ParseInviteToken(in.Body.Token)
	if err != nil {
		return nil, err
	}
	i, err := h.chat.Welcome(ctx, hash)
	if err != nil {
		return nil, err
	}
	password, err := h.gate.passwords.Hash(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	if _, err := h.chat.JoinStaff(ctx, i, in.Body.Name, password); err != nil {
		return nil, err
	}
	a, err := h.chat.Accounts.Staff(ctx, in.Body.Name)
	if err != nil {
		return nil, err
	}
	if err := h.gate.endPresented(ctx, k); err != nil {
		return nil, err
	}
	if k.caller, err = h.gate.begin(k, headersOf(ctx), a); err != nil {
		return nil, err
	}
	return AcceptInvite201JSONResponse(toMe(k.caller)), nil
}
