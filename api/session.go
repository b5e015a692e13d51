package api

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// The cookie of a session. Over TLS its name binds it to this very host (RFC 6265bis, section 4.1.3.2).
const (
	cookieName       = "chatd_session"
	secureCookieName = "__Host-" + cookieName
)

const (
	// rotateEvery is how long a session has the same token.
	rotateEvery = 15 * time.Minute
	// oldTokenFor is how long the token before it still works, where the new one is never used: its answer may be lost.
	oldTokenFor = 10 * time.Minute
	// underWay is how long it works once the new one was used: requests are under way while it changes.
	underWay = 10 * time.Second
	// lostAfter is when a token that nobody has used is taken for lost: who comes with the one before gets another.
	lostAfter = time.Minute
	// maxSessions is how many sessions an account has; of more, the one that was idle longest ends.
	maxSessions = 20
	// touchEvery is how exactly it is known when a session was last used.
	touchEvery = time.Minute
)

func nameOfCookie(k *call) string {
	if k.secure {
		return secureCookieName
	}
	return cookieName
}

// sessionToken finds the session that came with a request.
func sessionToken(k *call) (string, bool) {
	c, err := k.request.Cookie(nameOfCookie(k))
	if err != nil {
		return "", false
	}
	return c.Value, true
}

// setCookie gives the client a session's token until end; the empty one takes it away.
func setCookie(k *call, answer http.Header, token string, left time.Duration) {
	c := http.Cookie{
		Name: nameOfCookie(k), Value: token, Path: "/", MaxAge: int(left / time.Second),
		HttpOnly: true, Secure: k.secure, SameSite: http.SameSiteStrictMode,
	}
	if token == "" {
		c.MaxAge = -1
	}
	answer.Set("Set-Cookie", c.String()) // the only one of the API
}

// bySession lets a session's holder in, and gives it a new token when it is time.
func (g *gate) bySession(k *call, answer http.Header, token string) (caller, error) {
	// A worthless cookie is left where it is: a request that comes late must not take away what a log-in has just set.
	hash, err := access.ParseSessionToken(token)
	if err != nil {
		return caller{}, wrongCredentials()
	}
	ctx := k.request.Context()
	credentials := g.proved.of("session", token)
	if !g.proved.has(credentials) {
		if err := g.throttle.secret(ctx, chat.AddrKey(k.addr)); err != nil {
			return caller{}, err
		}
	}
	now := g.now()
	s, err := g.accounts.SessionByHash(ctx, hash, now)
	if err != nil && !chat.IsKind(err, chat.NotFound) {
		return caller{}, fmt.Errorf("find session: %w", err)
	}
	if err != nil {
		g.proved.forget(credentials)
		return caller{}, wrongCredentials()
	}
	if !now.Before(g.endOf(s)) {
		return caller{}, sessionOver()
	}
	who, err := g.asStaff(ctx, k, s)
	if err != nil {
		return caller{}, err
	}
	g.proved.add(credentials)
	g.keepUp(k, answer, s, bytes.Equal(s.Hash, hash), now)
	return who, nil
}

func sessionOver() error {
	return chat.Refuse(chat.Unauthenticated, "session_expired", "Your session is over. Log in again.")
}

// asStaff finds the account that a session is of, as it is now.
func (g *gate) asStaff(ctx context.Context, k *call, s chat.StaffSession) (caller, error) {
	a, err := g.accounts.Staff(ctx, s.Staff)
	if err != nil && !chat.IsKind(err, chat.NotFound) {
		return caller{}, fmt.Errorf("find account: %w", err)
	}
	// A session from before is another account's that had the name.
	if err != nil || a.Disabled || s.CreatedAt.Before(a.CreatedAt) {
		return caller{}, wrongCredentials()
	}
	who := staffCaller(a, s)
	who.actor.Addr, who.actor.Agent = k.addr, agentOf(k.request)
	return who, nil
}

func staffCaller(a chat.StaffAccount, s chat.StaffSession) caller {
	actor := chat.Actor{
		ID: chat.StaffID(a.Name), Name: a.Name, Role: chat.RoleStaff,
		Grant: chat.GrantOf(a.Role, a.Rooms), Via: chat.ViaDashboard,
	}
	return caller{actor: actor, kind: MeKindStaff, account: a, session: s}
}

// endOf is when a session ends if nobody uses it.
func (g *gate) endOf(s chat.StaffSession) time.Time {
	if idle := s.SeenAt.Add(g.idle); idle.Before(s.ExpiresAt) {
		return idle
	}
	return s.ExpiresAt
}

// keepUp notes that a session is used, with its newest token or the one before, and gives it a new one when it is time.
// What fails here is no reason to refuse a request.
func (g *gate) keepUp(k *call, answer http.Header, s chat.StaffSession, newest bool, now time.Time) {
	ctx := k.request.Context()
	var err error
	switch {
	case !newest && now.Sub(s.RotatedAt) >= lostAfter:
		err = g.giveAgain(k, answer, s, now)
	case !newest: // the new one is on its way
	case now.Sub(s.RotatedAt) >= rotateEvery:
		err = g.rotate(k, answer, s, now, oldTokenFor)
	case s.OldUntil.After(now.Add(underWay)): // the new one has arrived
		_, err = g.accounts.ReplaceToken(ctx, s.ID, s.Hash, s.Hash, now.Add(underWay), s.RotatedAt)
	case now.Sub(s.SeenAt) >= touchEvery:
		err = g.accounts.TouchSession(ctx, s.ID, addrText(k.addr), now)
	}
	if err != nil {
		g.logger.LogAttrs(ctx, slog.LevelWarn, "a session can't be kept up",
			slog.String("request_id", requestID(ctx)), slog.Any("error", err))
	}
}

// rotate gives a session a new token; the old one holds for oldFor, or until the new one was used. Of requests at the
// same time one does; the others go on with the old one.
func (g *gate) rotate(k *call, answer http.Header, s chat.StaffSession, now time.Time, oldFor time.Duration) error {
	token, hash := access.NewSessionToken()
	ok, err := g.accounts.RotateSession(k.request.Context(), s.ID, s.Hash, hash, now.Add(oldFor), now)
	if err != nil || !ok {
		return err
	}
	g.proved.add(g.proved.of("session", token))
	setCookie(k, answer, token, s.ExpiresAt.Sub(now))
	return nil
}

// giveAgain gives a session another token in the place of one that never arrived. Were it on its way after all, it would be
// worthless: that is asked for at most once in lostAfter.
func (g *gate) giveAgain(k *call, answer http.Header, s chat.StaffSession, now time.Time) error {
	token, hash := access.NewSessionToken()
	ok, err := g.accounts.ReplaceToken(k.request.Context(), s.ID, s.Hash, hash, now.Add(oldTokenFor), now)
	if err != nil || !ok {
		return err
	}
	g.proved.add(g.proved.of("session", token))
	setCookie(k, answer, token, s.ExpiresAt.Sub(now))
	return nil
}

// begin makes a session of an account that has proved to be it.
func (g *gate) begin(k *call, answer http.Header, a chat.StaffAccount) (caller, error) {
	token, hash := access.NewSessionToken()
	now := g.now().UTC().Truncate(time.Millisecond)
	s := chat.StaffSession{
		ID: g.newID(), Staff: a.Name, Hash: hash, CreatedAt: now, SeenAt: now, RotatedAt: now,
		ExpiresAt: now.Add(g.lifetime), Addr: addrText(k.addr), Agent: agentOf(k.request),
	}
	if err := g.accounts.AddSession(k.request.Context(), s); err != nil {
		return caller{}, fmt.Errorf("add session: %w", err)
	}
	if err := g.endIdlest(k.request.Context(), s); err != nil {
		return caller{}, err
	}
	g.proved.add(g.proved.of("session", token))
	setCookie(k, answer, token, g.lifetime)
	return staffCaller(a, s), nil
}

// endIdlest ends sessions of an account that has too many, now that it has this one, too: those that were idle longest.
func (g *gate) endIdlest(ctx context.Context, begun chat.StaffSession) error {
	all, err := g.accounts.SessionsOf(ctx, begun.Staff, begun.CreatedAt)
	if err != nil {
		return fmt.Errorf("list sessions: %w", err)
	}
	others := slices.DeleteFunc(all, func(s chat.StaffSession) bool { return s.ID == begun.ID })
	slices.SortStableFunc(others, func(x, y chat.StaffSession) int { return y.SeenAt.Compare(x.SeenAt) })
	for _, s := range others[min(len(others), maxSessions-1):] {
		if err := g.accounts.EndSession(ctx, s.Staff, s.ID); err != nil && !chat.IsKind(err, chat.NotFound) {
			return fmt.Errorf("end session: %w", err)
		}
	}
	return nil
}

// still asks again who the caller of a request is. A session's token may have changed meanwhile; the session counts.
func (g *gate) still(ctx context.Context, k *call) (caller, error) {
	was := k.caller
	if was.kind == MeKindKey {
		_, secret, _ := strings.Cut(k.request.Header.Get("Authorization"), " ")
		who, err := g.byKey(ctx, k.addr, strings.TrimSpace(secret))
		who.actor.Addr, who.actor.Agent = was.actor.Addr, was.actor.Agent
		return who, err
	}
	now := g.now()
	all, err := g.accounts.SessionsOf(ctx, was.account.Name, now)
	if err != nil {
		return caller{}, fmt.Errorf("list sessions: %w", err)
	}
	i := slices.IndexFunc(all, func(s chat.StaffSession) bool { return s.ID == was.session.ID })
	if i < 0 {
		return caller{}, wrongCredentials()
	}
	if !now.Before(g.endOf(all[i])) {
		return caller{}, sessionOver()
	}
	return g.asStaff(ctx, k, all[i])
}
