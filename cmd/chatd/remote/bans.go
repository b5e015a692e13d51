package remote

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/chatd/chatd/client/rest"
)

// Bans are the commands on sanctions: bans and all the others.
type Bans struct {
	Server
	List BansList `cmd:"" default:"withargs" help:"List what stands, the latest first."`
	Add  BansAdd  `cmd:"" help:"Ban, mute, shadow, slow down, …: chatd bans add g:0192… --for 24h --reason Spam."`
	Show BansShow `cmd:"" help:"Show one sanction."`
	Lift BansLift `cmd:"" help:"End sanctions before their time."`
}

// BansList lists sanctions.
type BansList struct {
	User    string `name:"user" placeholder:"ID" help:"Against this user."`
	Room    string `name:"room" placeholder:"ROOM" help:"That hold in this room."`
	Effect  string `name:"effect" placeholder:"EFFECT" help:"ban, mute, shadow, slow, sign_in or hold."`
	Address string `name:"address" placeholder:"ADDRESS" help:"That hold against this address (or its alias)."`
	Over    bool   `name:"over" help:"Those that are over or lifted, too."`
	List
}

// Run implements chatd bans list.
func (l *BansList) Run(s *Session, g *Bans) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	p := rest.ListSanctionsParams{User: optional(l.User), Room: optional(l.Room), Effect: optional(rest.Effect(l.Effect)), Address: optional(l.Address)}
	if l.Over {
		p.Standing = optional(rest.StandingAll)
	}
	head := []string{"ID", "EFFECT", "TARGET", "NAME", "SCOPE", "UNTIL", "BY", "REASON"}
	row := func(x rest.Sanction) []string {
		until := when(x.ExpiresAt, "lifted")
		if x.LiftedAt != nil {
			until = "lifted " + when(x.LiftedAt, "")
		}
		return []string{x.ID, string(x.Effect), target(x.Target), x.Name, scope(x.Scope), until, x.By, x.Reason}
	}
	return list(s, g.Server, l.List, head, row, func(cursor *string, limit int) ([]byte, error) {
		p := p
		p.Cursor, p.Limit = cursor, &limit
		a, err := c.ListSanctionsWithResponse(s.Context, &p)
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}

// BansAdd makes a sanction.
type BansAdd struct {
	Act
	Target  string        `arg:"" help:"A user (u:… or g:…), an address, a prefix (192.0.2.0/24), or an address's alias (addr_…)."`
	Effect  string        `name:"effect" enum:"ban,mute,shadow,slow,sign_in,hold" default:"ban" help:"ban, mute, shadow, slow, sign_in or hold."`
	Room    string        `name:"room" placeholder:"ROOM" help:"A room or a pattern; without it, all rooms."`
	For     time.Duration `name:"for" placeholder:"TIME" help:"How long, like 24h."`
	Forever bool          `name:"forever" help:"Until it is lifted."`
	Every   time.Duration `name:"every" default:"30s" help:"Effect slow: one message in this time."`
	Reason  string        `name:"reason" placeholder:"TEXT" help:"What the target is told."`
	Note    string        `name:"note" placeholder:"TEXT" help:"For staff alone."`
	Purge   time.Duration `name:"purge" placeholder:"TIME" help:"Also delete what they wrote, this far back."`
	Only    string        `name:"only" enum:"all,guests,tokenless" default:"all" help:"Of an address: all, guests, or tokenless connections."`
	Force   bool          `name:"force" help:"Although it hits your proxy, or very many; needs --why."`
}

// Run implements chatd bans add.
func (x *BansAdd) Run(s *Session, g *Bans) error {
	if (x.For > 0) == x.Forever {
		return errors.New("say how long: --for TIME, or --forever")
	}
	d := rest.SanctionDraft{
		Target: targetOf(x.Target, x.Only), Effect: rest.Effect(x.Effect), Scope: optional(x.Room), Reason: optional(x.Reason),
		Note: optional(x.Note), Force: optional(x.Force), DurationSeconds: optional(seconds(x.For)),
	}
	if d.Effect == rest.EffectSlow {
		d.IntervalSeconds = optional(seconds(x.Every))
	}
	if x.Purge > 0 {
		d.Purge = &rest.PurgeOption{SinceSeconds: optional(seconds(x.Purge))}
	}
	return s.act(g.Server, func(c *rest.ClientWithResponses) ([]byte, error) {
		a, err := c.MakeSanctionWithResponse(s.Context, &rest.MakeSanctionParams{DryRun: x.dryRun(), XReason: x.reason()}, d)
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}

// targetOf tells by its form what a target is.
func targetOf(word, only string) *rest.TargetDraft {
	t := &rest.TargetDraft{}
	_, notAddr := netip.ParseAddr(word)
	_, notPrefix := netip.ParsePrefix(word)
	switch {
	case notAddr == nil || notPrefix == nil:
		t.Address = &word
	case strings.HasPrefix(word, "addr_"):
		t.AddressHash = &word
	default:
		t.User = &word
		return t
	}
	if only != string(rest.OnlyAll) {
		t.Only = optional(rest.Only(only))
	}
	return t
}

// BansShow shows a sanction.
type BansShow struct {
	Sanction string `arg:"" help:"Its id."`
}

// Run implements chatd bans show.
func (x *BansShow) Run(s *Session, g *Bans) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	a, err := c.ShowSanctionWithResponse(s.Context, x.Sanction)
	if err != nil {
		return err
	}
	return s.raw(a.Body)
}

// BansLift ends sanctions.
type BansLift struct {
	Act
	Sanctions []string `arg:"" help:"Their ids."`
}

const maxLift = 200 // in one request

// Run implements chatd bans lift.
func (x *BansLift) Run(s *Session, g *Bans) error {
	if len(x.Sanctions) > maxLift {
		return fmt.Errorf("at most %d at once", maxLift)
	}
	return s.act(g.Server, func(c *rest.ClientWithResponses) ([]byte, error) {
		a, err := c.LiftSanctionsWithResponse(s.Context, &rest.LiftSanctionsParams{DryRun: x.dryRun(), XReason: x.reason()},
			rest.IDList{Ids: x.Sanctions})
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}
