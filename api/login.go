package api

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// LogIn implements POST /session.
func (h *handler) LogIn(ctx context.Context, in LogInRequestObject) (LogInResponseObject, error) {
	k, answer := callOf(ctx), headersOf(ctx)
	code := ""
	if in.Body.Code != nil {
		code = *in.Body.Code
	}
	a, err := h.gate.prove(ctx, k, in.Body.Name, in.Body.Password, code)
	if err != nil {
		return nil, err
	}
	if err := h.gate.endPresented(ctx, k); err != nil {
		return nil, err
	}
	if k.caller, err = h.gate.begin(k, answer, a); err != nil {
		return nil, err
	}
	return LogIn200JSONResponse(toMe(k.caller)), nil
}

// prove checks who logs in. An account that doesn't exist, one that is disabled and a wrong password cost the same and are
// answered alike; only who knows the password hears of the second factor.
func (g *gate) prove(ctx context.Context, k *call, name, password, code string) (chat.StaffAccount, error) {
	addr := chat.AddrKey(k.addr)
	if _, err := chat.ParseStaffName(name); err != nil {
		name = "" // nobody's: it costs what any other costs
	}
	if err := g.throttle.password(ctx, addr, name); err != nil {
		return chat.StaffAccount{}, err
	}
	a, err := g.accounts.Staff(ctx, name)
	if err != nil && !chat.IsKind(err, chat.NotFound) {
		return chat.StaffAccount{}, fmt.Errorf("find account: %w", err)
	}
	if err := g.checkPassword(ctx, password, a.PasswordHash); err != nil {
		return chat.StaffAccount{}, err
	}
	if a.Disabled {
		return chat.StaffAccount{}, wrongCredentials()
	}
	if len(a.TOTPSecret) > 0 {
		if err := g.checkFactor(ctx, a, code); err != nil {
			return chat.StaffAccount{}, err
		}
	}
	g.throttle.cameIn(addr, name)
	return a, nil
}

// checkFactor takes a code of the authenticator or a recovery code; each works once.
func (g *gate) checkFactor(ctx context.Context, a chat.StaffAccount, code string) error {
	if code == "" {
		return chat.Refuse(chat.Unauthenticated, "totp_required", "This account has one-time codes: send one as code.")
	}
	step, recovery := int64(0), []byte(nil)
	if plain, ok := access.PlainTOTP(code); !ok {
		recovery = access.HashRecoveryCode(code)
	} else {
		if err := g.mayTryCode(ctx, a); err != nil {
			return err
		}
		if step, ok = access.CheckTOTP(a.TOTPSecret, plain, g.now(), a.TOTPStep); !ok {
			return wrongCode()
		}
	}
	used, err := g.accounts.UseFactor(ctx, a.Name, step, recovery)
	if err != nil {
		return fmt.Errorf("use second factor: %w", err)
	}
	if !used {
		return wrongCode()
	}
	return nil
}

// mayTryCode refuses codes of an account after too many wrong ones. Whoever tries them has the password: that is worth a line
// in the log.
func (g *gate) mayTryCode(ctx context.Context, a chat.StaffAccount) error {
	err := g.throttle.code(ctx, a.Name, a.TOTPStep)
	if chat.IsKind(err, chat.RateLimited) {
		g.logger.LogAttrs(ctx, slog.LevelWarn, "somebody who has an account's password tries one-time codes",
			slog.String("request_id", requestID(ctx)), slog.String("account", a.Name))
	}
	return err
}

func wrongCode() error {
	return chat.Refuse(chat.Unauthenticated, "totp_invalid", "This code is wrong, or was used before.")
}

// endPresented ends the session that a log-in came with: a token that was there before must not outlive it.
func (g *gate) endPresented(ctx context.Context, k *call) error {
	token, ok := sessionToken(k)
	if !ok {
		return nil
	}
	hash, err := access.ParseSessionToken(token)
	if err != nil {
		return nil //nolint:nilerr // what is no session has nothing to end
	}
	s, err := g.accounts.SessionByHash(ctx, hash, g.now())
	if err == nil {
		err = g.accounts.EndSession(ctx, s.Staff, s.ID)
	}
	if err != nil && !chat.IsKind(err, chat.NotFound) {
		return fmt.Errorf("end the session before: %w", err)
	}
	return nil
}

// LogOut implements DELETE /session.
func (h *handler) LogOut(ctx context.Context, _ LogOutRequestObject) (LogOutResponseObject, error) {
	k := callOf(ctx)
	if k.caller.kind != MeKindStaff {
		return nil, notStaff()
	}
	err := h.gate.accounts.EndSession(ctx, k.caller.account.Name, k.caller.session.ID)
	if err != nil && !chat.IsKind(err, chat.NotFound) {
		return nil, err
	}
	setCookie(k, headersOf(ctx), "", 0)
	return LogOut204Response{}, nil
}
