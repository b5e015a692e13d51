package access

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/chatd/chatd/chat"
)

// GuestCookie is the name of the cookie that keeps a guest's identity.
const GuestCookie = "chatd_guest"

const (
	cookieAge = 365 * 24 * 3600 // seconds
	maxAgent  = 256             // bytes
)

// Door says who stands before it.
type Door struct {
	tokens  *Tokens
	guests  *Guests
	origins *Origins
	proxies Proxies
	newUUID func() uuid.UUID
}

// DoorConfig is what a Door works with; all but NewUUID are needed.
type DoorConfig struct {
	Tokens  *Tokens
	Guests  *Guests
	Origins *Origins
	Proxies Proxies
	NewUUID func() uuid.UUID // nil: random
}

// NewDoor makes a Door.
func NewDoor(c DoorConfig) *Door {
	return &Door{tokens: c.Tokens, guests: c.Guests, origins: c.Origins, proxies: c.Proxies, newUUID: c.NewUUID}
}

// Visitor is who made a request.
type Visitor struct {
	// Actor has its address and agent even where Identify returns an error.
	Actor chat.Actor
	// GuestToken is a guest's own token, for clients that keep it themselves; "" for others.
	GuestToken string
	// Cookie is to be set on the response; nil: none.
	Cookie *http.Cookie
	// New says that nothing was brought that tells who it is: the guest was made just now.
	New bool
}

// Identify tells who makes a request: by the token of its Authorization header, by its
// token query parameter, by the guest's cookie, in this order; else it is a new guest.
// A token may be a user's or a guest's. A token that doesn't hold is an error, as Verify
// has it; a cookie that doesn't is replaced, since the visitor can't see it.
//
// Who brings a user's token may bring along the guest they have been (Actor.Was): in the guest_token query parameter, else in
// the cookie. One that doesn't hold is as if it weren't there.
func (d *Door) Identify(r *http.Request) (Visitor, error) {
	base := chat.Actor{Addr: d.proxies.ClientAddr(r), Agent: cut(strings.ToValidUTF8(r.UserAgent(), ""), maxAgent)}
	token, err := tokenOf(r)
	if err != nil {
		return Visitor{Actor: base}, err
	}
	if token != "" {
		base.Was = d.broughtAlong(r)
		return d.byToken(r.Context(), base, token)
	}
	if g, value, ok := d.byCookie(r); ok {
		v := guestVisitor(base, g, value)
		if d.guests.now().Sub(g.issued) > guestRenewal {
			d.renew(r, &v)
		}
		return v, nil
	}
	id := NewGuestID(d.newUUID)
	v := guestVisitor(base, guestClaims{id: id, name: GuestName(id), issued: d.guests.now()}, "")
	v.New = true
	d.renew(r, &v)
	return v, nil
}

func (d *Door) byCookie(r *http.Request) (g guestClaims, value string, ok bool) {
	c, err := r.Cookie(GuestCookie)
	if err != nil {
		return guestClaims{}, "", false
	}
	g, err = d.guests.verify(c.Value)
	return g, c.Value, err == nil
}

// broughtAlong returns the guest that a user says to have been; "": none.
func (d *Door) broughtAlong(r *http.Request) chat.UserID {
	if values := r.URL.Query()["guest_token"]; len(values) == 1 {
		if g, err := d.guests.verify(values[0]); err == nil {
			return g.id
		}
	}
	g, _, _ := d.byCookie(r)
	return g.id
}

// IdentifyToken tells who a token that came within a connection belongs to; address and
// agent are those of the actor that the connection has had so far. A user has been the guest of guestToken (empty: none), else
// the one that the connection has been so far.
func (d *Door) IdentifyToken(ctx context.Context, token, guestToken string, so chat.Actor) (Visitor, error) {
	base := chat.Actor{Addr: so.Addr, Agent: so.Agent, Was: so.Was}
	if so.Guest() {
		base.Was = so.ID
	}
	if g, err := d.guests.verify(guestToken); err == nil {
		base.Was = g.id
	}
	return d.byToken(ctx, base, token)
}

func (d *Door) byToken(ctx context.Context, base chat.Actor, token string) (Visitor, error) {
	if IsGuestToken(token) {
		g, err := d.guests.verify(token)
		if err != nil {
			return Visitor{Actor: base}, err
		}
		return guestVisitor(base, g, token), nil
	}
	a, err := d.tokens.Verify(ctx, token)
	if err != nil {
		return Visitor{Actor: base}, err
	}
	a.Addr, a.Agent, a.Was = base.Addr, base.Agent, base.Was
	return Visitor{Actor: a}, nil
}

func guestVisitor(base chat.Actor, g guestClaims, token string) Visitor {
	base.ID, base.Name, base.Role, base.Issued, base.Was = g.id, g.name, chat.RoleGuest, g.issued, ""
	if base.Name == "" {
		base.Name = GuestName(g.id)
	}
	return Visitor{Actor: base, GuestToken: token}
}

func (d *Door) renew(r *http.Request, v *Visitor) {
	v.GuestToken = d.guests.Issue(v.Actor.ID, v.Actor.Name)
	v.Cookie = d.GuestCookie(r, v.GuestToken)
}

// GuestCookie wraps a guest's token for the browser that made r. To a page of the same
// host it is SameSite=Lax. A page of another host that connects over TLS would neither
// send nor keep that one, so it gets SameSite=None; Secure; Partitioned: an identity for
// each site that embeds the chat, and none that follows a visitor from site to site.
// Over plain HTTP browsers offer nothing to pages of other hosts; their guests keep
// GuestToken themselves.
func (d *Door) GuestCookie(r *http.Request, token string) *http.Cookie {
	c := &http.Cookie{
		Name: GuestCookie, Value: token, Path: "/", MaxAge: cookieAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: d.proxies.Secure(r),
	}
	if c.Secure && d.origins.CrossSite(r) {
		c.SameSite, c.Partitioned = http.SameSiteNoneMode, true
	}
	return c
}

// tokenOf returns the token that a request brings, or "".
func tokenOf(r *http.Request) (string, error) {
	if values := r.Header.Values("Authorization"); len(values) > 0 {
		scheme, token, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
		if token = strings.TrimSpace(token); len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || token == "" {
			return "", invalid("The Authorization header must be one, of the form \"Bearer <token>\".")
		}
		return token, nil
	}
	switch values := r.URL.Query()["token"]; len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	default:
		return "", invalid("The token parameter stands more than once in the address.")
	}
}
