package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"strconv"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// ShowMe implements GET /me.
func (h *handler) ShowMe(ctx context.Context, _ ShowMeRequestObject) (ShowMeResponseObject, error) {
	c := callerOf(ctx)
	headersOf(ctx).Set("ETag", etagOf(max(c.account.Version, c.key.Version)))
	return ShowMe200JSONResponse(toMe(c)), nil
}

func toMe(c caller) Me {
	g := c.actor.Grant
	me := Me{
		ID: string(c.actor.ID), Name: c.actor.Name, Kind: c.kind, MustChangePassword: c.account.MustChange,
		Scopes: toScopes(g.Scopes), Rooms: toRooms(g.Rooms), TOTP: len(c.account.TOTPSecret) > 0,
		Limits: Limits{
			LongestBanSeconds: toSeconds(g.LongestBan), ActsPerHour: toCount(g.ActsPerHour), DryRunOnly: g.DryRunOnly,
			ExpiresAt: optional(c.actor.Expires),
		},
	}
	if g.Role != "" {
		role := Role(g.Role)
		me.Role = &role
	}
	return me
}

// ListSessions implements GET /me/sessions.
func (h *handler) ListSessions(ctx context.Context, in ListSessionsRequestObject) (ListSessionsResponseObject, error) {
	c := callerOf(ctx)
	list := func(after string, limit int) ([]chat.StaffSession, error) {
		all, err := h.chat.OwnSessions(ctx, c.actor)
		return h.gate.sessionsAfter(all, after, limit), err
	}
	items, next, err := pageOf(ctx, in.Params.Limit, list, func(s chat.StaffSession) string { return s.ID },
		func(s chat.StaffSession) Session { return h.toSession(s, c.session.ID) })
	if err != nil {
		return nil, err
	}
	return ListSessions200JSONResponse{Items: items, Next: next}, nil
}

// sessionsAfter takes at most limit sessions that are not over, those that began before the one with the id after (ids rise with time).
func (g *gate) sessionsAfter(all []chat.StaffSession, after string, limit int) []chat.StaffSession {
	now := g.now()
	var some []chat.StaffSession
	for _, s := range all {
		if len(some) < limit && (after == "" || s.ID < after) && now.Before(g.endOf(s)) {
			some = append(some, s)
		}
	}
	return some
}

func (h *handler) toSession(s chat.StaffSession, current string) Session {
	addr := parseAddr(s.Addr)
	if !addr.IsValid() { // over a Unix socket
		addr = netip.IPv6Unspecified()
	}
	return Session{
		ID: s.ID, Current: s.ID == current, Alias: h.chat.Alias(addr), Agent: s.Agent,
		At: s.CreatedAt.UTC(), LastSeen: s.SeenAt.UTC(), ExpiresAt: h.gate.endOf(s).UTC(),
	}
}

// RevokeOtherSessions implements DELETE /me/sessions.
func (h *handler) RevokeOtherSessions(ctx context.Context, _ RevokeOtherSessionsRequestObject) (RevokeOtherSessionsResponseObject, error) {
	c := callerOf(ctx)
	if _, err := h.chat.EndOtherSessions(ctx, chat.Order{By: c.actor}, c.session.ID); err != nil {
		return nil, err
	}
	return RevokeOtherSessions204Response{}, nil
}

// RevokeSession implements DELETE /me/sessions/{session}.
func (h *handler) RevokeSession(ctx context.Context, in RevokeSessionRequestObject) (RevokeSessionResponseObject, error) {
	c := callerOf(ctx)
	if _, err := h.chat.EndOwnSession(ctx, chat.Order{By: c.actor}, in.Session); err != nil {
		return nil, err
	}
	if in.Session == c.session.ID {
		setCookie(callOf(ctx), headersOf(ctx), "", 0)
	}
	return RevokeSession204Response{}, nil
}

// ChangePassword implements PUT /me/password.
func (h *handler) ChangePassword(ctx context.Context, in ChangePasswordRequestObject) (ChangePasswordResponseObject, error) {
	version, err := ifMatch(ctx)
	if err != nil {
		return nil, err
	}
	k := callOf(ctx)
	if err := h.gate.again(ctx, k, in.Body.Current); err != nil {
		return nil, err
	}
	if in.Body.New == in.Body.Current {
		return nil, chat.Refuse(chat.Invalid, "password_unchanged", "The new password is the old one.")
	}
	hash, err := h.gate.passwords.Hash(ctx, in.Body.New)
	if err != nil {
		return nil, err
	}
	if _, err := h.chat.SetPassword(ctx, chat.Order{By: k.caller.actor}, hash, k.caller.session.ID, version); err != nil {
		return nil, err
	}
	h.gate.renew(k, headersOf(ctx))
	return ChangePassword204Response{}, nil
}

// again checks the password of who is logged in already: a cookie alone doesn't change how one logs in.
func (g *gate) again(ctx context.Context, k *call, password string) error {
	c := k.caller
	if c.kind != MeKindStaff {
		return notStaff()
	}
	if err := g.throttle.password(ctx, chat.AddrKey(k.addr), c.account.Name); err != nil {
		return err
	}
	return g.checkPassword(ctx, password, c.account.PasswordHash)
}

// renew gives the session that asks another token, now that its account has changed. Who has stolen the old one has it no
// longer than requests are under way.
func (g *gate) renew(k *call, answer http.Header) {
	now := g.now()
	s, err := g.accounts.SessionByHash(k.request.Context(), k.caller.session.Hash, now)
	if err == nil {
		err = g.rotate(k, answer, s, now, underWay)
	}
	if err != nil {
		g.logger.Warn("a session didn't get another token", "request_id", requestID(k.request.Context()), "error", err)
	}
}

// pendingTOTP is the secret that a session is offered for the account as it is. It comes out the same on every node, and
// is stored nowhere before it is confirmed.
func (h *handler) pendingTOTP(c caller) []byte {
	mac := hmac.New(sha256.New, h.secret)
	mac.Write([]byte("totp\n" + c.account.Name + "\n" + strconv.FormatInt(c.account.Version, 10) + "\n" + c.session.ID))
	return access.TOTPSecretFrom([sha256.Size]byte(mac.Sum(nil)))
}

// totpIssuer is how authenticators call this server's codes.
const totpIssuer = "chatd"

// StartTOTP implements POST /me/totp.
func (h *handler) StartTOTP(ctx context.Context, in StartTOTPRequestObject) (StartTOTPResponseObject, error) {
	k := callOf(ctx)
	if err := h.gate.again(ctx, k, in.Body.Password); err != nil {
		return nil, err
	}
	if err := refuseTOTP(k.caller, false); err != nil {
		return nil, err
	}
	secret := h.pendingTOTP(k.caller)
	return StartTOTP200JSONResponse{
		Secret: access.TOTPText(secret), URI: access.TOTPURI(secret, totpIssuer, k.caller.account.Name),
	}, nil
}

// refuseTOTP refuses what asks for one-time codes to be on, or off, where they aren't.
func refuseTOTP(c caller, on bool) error {
	switch has := len(c.account.TOTPSecret) > 0; {
	case has && !on:
		return chat.Refuse(chat.Conflict, "totp_on", "This account has one-time codes already.")
	case !has && on:
		return chat.Refuse(chat.Conflict, "totp_off", "This account has no one-time codes.")
	}
	return nil
}

// ConfirmTOTP implements PUT /me/totp.
func (h *handler) ConfirmTOTP(ctx context.Context, in ConfirmTOTPRequestObject) (ConfirmTOTPResponseObject, error) {
	k := callOf(ctx)
	c := k.caller
	if c.kind != MeKindStaff {
		return nil, notStaff()
	}
	if err := refuseTOTP(c, false); err != nil {
		return nil, err
	}
	if err := h.gate.throttle.confirming(ctx, c.account.Name); err != nil {
		return nil, err
	}
	secret := h.pendingTOTP(c)
	plain, _ := access.PlainTOTP(in.Body.Code)
	step, ok := access.CheckTOTP(secret, plain, h.gate.now(), 0)
	if !ok {
		return nil, chat.Refuse(chat.Invalid, "code_wrong", "This is not the authenticator's code: compare its clock.")
	}
	codes, hashes := access.NewRecoveryCodes()
	if _, err := h.chat.SetTOTP(ctx, chat.Order{By: c.actor}, secret, hashes, c.session.ID); err != nil {
		return nil, err
	}
	if _, err := h.chat.Accounts.UseFactor(ctx, c.account.Name, step, nil); err != nil {
		return nil, err
	}
	h.gate.renew(k, headersOf(ctx))
	return ConfirmTOTP200JSONResponse{Codes: codes}, nil
}

// RemoveTOTP implements POST /me/totp/remove.
func (h *handler) RemoveTOTP(ctx context.Context, in RemoveTOTPRequestObject) (RemoveTOTPResponseObject, error) {
	k := callOf(ctx)
	c := k.caller
	if err := h.gate.again(ctx, k, in.Body.Password); err != nil {
		return nil, err
	}
	if err := refuseTOTP(c, true); err != nil {
		return nil, err
	}
	if err := h.gate.checkFactor(ctx, c.account, in.Body.Code); err != nil {
		return nil, err
	}
	if _, err := h.chat.SetTOTP(ctx, chat.Order{By: c.actor}, nil, nil, c.session.ID); err != nil {
		return nil, err
	}
	h.gate.renew(k, headersOf(ctx))
	return RemoveTOTP204Response{}, nil
}

// NewRecoveryCodes implements POST /me/recovery-codes.
func (h *handler) NewRecoveryCodes(ctx context.Context, in NewRecoveryCodesRequestObject) (NewRecoveryCodesResponseObject, error) {
	k := callOf(ctx)
	if err := h.gate.again(ctx, k, in.Body.Password); err != nil {
		return nil, err
	}
	if err := refuseTOTP(k.caller, true); err != nil {
		return nil, err
	}
	codes, hashes := access.NewRecoveryCodes()
	if _, err := h.chat.SetRecovery(ctx, chat.Order{By: k.caller.actor}, hashes, k.caller.session.ID); err != nil {
		return nil, err
	}
	h.gate.renew(k, headersOf(ctx))
	return NewRecoveryCodes200JSONResponse{Codes: codes}, nil
}
