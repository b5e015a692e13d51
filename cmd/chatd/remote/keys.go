package remote

import (
	"fmt"
	"strings"
	"time"

	"github.com/chatd/chatd/client/rest"
)

// Keys are the commands on API keys.
type Keys struct {
	Server
	List   KeysList   `cmd:"" default:"withargs" help:"List keys."`
	Make   KeysMake   `cmd:"" help:"Make a key; its secret is shown once: chatd keys make \"bot\" --scope messages:post --rooms lobby."`
	Rotate KeysRotate `cmd:"" help:"Give a key a new secret; the old one holds for a while."`
	Revoke KeysRevoke `cmd:"" help:"End a key at once."`
}

// KeysList lists keys.
type KeysList struct{ List }

// Run implements chatd keys list.
func (l *KeysList) Run(s *Session, g *Keys) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	head := []string{"ID", "PREFIX", "LABEL", "SCOPES", "ROOMS", "EXPIRES", "LAST USED"}
	row := func(k rest.Key) []string {
		rooms := "all"
		if k.Rooms != nil {
			rooms = strings.Join(*k.Rooms, " ")
		}
		return []string{k.ID, k.Prefix, k.Label, words(k.Scopes), rooms, when(k.ExpiresAt, "never"), when(k.LastUsedAt, "never")}
	}
	return list(s, g.Server, l.List, head, row, func(cursor *string, limit int) ([]byte, error) {
		a, err := c.ListKeysWithResponse(s.Context, &rest.ListKeysParams{Cursor: cursor, Limit: &limit})
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}

const scopesShown = 5 // in one cell

// words lists scopes, or says how many they are.
func words[T ~string](list []T) string {
	if len(list) > scopesShown {
		return fmt.Sprintf("%d scopes", len(list))
	}
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return strings.Join(out, " ")
}

// KeysMake makes a key.
type KeysMake struct {
	Act
	Label      string        `arg:"" help:"What it is for."`
	Scope      []string      `name:"scope" required:"" placeholder:"SCOPE" help:"What it may do, like messages:post (docs/api.md lists them)."`
	Rooms      []string      `name:"rooms" placeholder:"ROOM" help:"Rooms or patterns; without it, all."`
	LongestBan time.Duration `name:"longest-ban" placeholder:"TIME" help:"The longest sanction that it may make; without it, any."`
	PerHour    int           `name:"acts-per-hour" placeholder:"N" help:"How many acts an hour; without it, any."`
	OnlyDry    bool          `name:"dry-run-only" help:"It can change nothing, only ask what would happen."`
	Expires    time.Duration `name:"expires" placeholder:"TIME" help:"How long it holds; without it, until it is revoked."`
}

// Run implements chatd keys make.
func (x *KeysMake) Run(s *Session, g *Keys) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	d := rest.KeyDraft{
		Label: x.Label, DryRunOnly: optional(x.OnlyDry), ActsPerHour: optional(x.PerHour), LongestBanSeconds: optional(seconds(x.LongestBan)),
		Scopes: make([]rest.Scope, len(x.Scope)),
	}
	for i, name := range x.Scope {
		d.Scopes[i] = rest.Scope(name)
	}
	if x.Rooms != nil {
		d.Rooms = &x.Rooms
	}
	if x.Expires > 0 {
		d.ExpiresAt = optional(s.Now().Add(x.Expires).UTC().Truncate(time.Second))
	}
	a, err := c.MakeKeyWithResponse(s.Context, &rest.MakeKeyParams{DryRun: x.dryRun(), XReason: x.reason()}, d)
	if err != nil {
		return err
	}
	if g.JSON || a.JSON201 == nil {
		return s.raw(a.Body)
	}
	return s.secret(*a.JSON201)
}

// secret prints a key's secret, alone on its line: it is not shown again.
func (s *Session) secret(k rest.KeySecret) error {
	_, err := fmt.Fprintf(s.Stdout, "%s\n\nThis is key %s. Keep the secret now: it isn't shown again.\n", k.Secret, k.Key.ID)
	return err
}

// KeysRotate gives a key a new secret.
type KeysRotate struct {
	Act
	Key     string        `arg:"" help:"Its id."`
	Overlap time.Duration `name:"overlap" default:"24h" help:"How long the old secret holds."`
}

// Run implements chatd keys rotate.
func (x *KeysRotate) Run(s *Session, g *Keys) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	overlap := seconds(x.Overlap)
	a, err := c.RotateKeyWithResponse(s.Context, x.Key, &rest.RotateKeyParams{DryRun: x.dryRun(), XReason: x.reason()}, rest.KeyRotation{OverlapSeconds: &overlap})
	if err != nil {
		return err
	}
	if g.JSON || a.JSON201 == nil {
		return s.raw(a.Body)
	}
	return s.secret(*a.JSON201)
}

// KeysRevoke ends a key.
type KeysRevoke struct {
	Act
	Key string `arg:"" help:"Its id."`
}

// Run implements chatd keys revoke.
func (x *KeysRevoke) Run(s *Session, g *Keys) error {
	return s.act(g.Server, func(c *rest.ClientWithResponses) ([]byte, error) {
		a, err := c.RevokeKeyWithResponse(s.Context, x.Key, &rest.RevokeKeyParams{DryRun: x.dryRun(), XReason: x.reason()})
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}
