package remote

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/chatd/chatd/client/rest"
)

// Acts are the commands on the record of what was done.
type Acts struct {
	Server
	List   ActsList   `cmd:"" default:"withargs" help:"List acts, the latest first."`
	Show   ActsShow   `cmd:"" help:"Show an act and exactly what it changed."`
	Undo   ActsUndo   `cmd:"" help:"Take an act back."`
	Export ActsExport `cmd:"" help:"Write all acts, one JSON object a line."`
}

// ActsFilter picks acts.
type ActsFilter struct {
	By    string        `name:"by" placeholder:"ID" help:"Of this account (s:…), key (k:…) or moderator (u:…)."`
	Kind  string        `name:"kind" placeholder:"KIND" help:"Of this kind, like sanction.make."`
	Room  string        `name:"room" placeholder:"ROOM" help:"That changed something in this room."`
	User  string        `name:"user" placeholder:"ID" help:"That hit this user."`
	Since time.Duration `name:"since" placeholder:"TIME" help:"Not longer ago than this."`
}

func (f ActsFilter) since(now time.Time) *time.Time {
	if f.Since == 0 {
		return nil
	}
	return optional(now.Add(-f.Since).UTC())
}

// ActsList lists acts.
type ActsList struct {
	ActsFilter
	List
}

// Run implements chatd acts list.
func (l *ActsList) Run(s *Session, g *Acts) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	p := rest.ListActsParams{By: optional(l.By), Kind: optional(l.Kind), Room: optional(l.Room), User: optional(l.User), Since: l.since(s.Now())}
	head := []string{"ID", "AT", "BY", "KIND", "CHANGED", "UNDONE", "REASON"}
	row := func(a rest.Act) []string {
		undone := ""
		if a.UndoneBy != nil {
			undone = "yes"
		}
		return []string{a.ID, when(&a.At, ""), a.By, a.Kind, countsOf(a), undone, a.Reason}
	}
	return list(s, g.Server, l.List, head, row, func(cursor *string, limit int) ([]byte, error) {
		p := p
		p.Cursor, p.Limit = cursor, &limit
		a, err := c.ListActsWithResponse(s.Context, &p)
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}

// countsOf sums an act up: "5000 messages_hidden, 1 sanction_made".
func countsOf(a rest.Act) string {
	parts := make([]string, len(a.Counts))
	for i, c := range a.Counts {
		parts[i] = strconv.Itoa(c.Count) + " " + c.What
	}
	return strings.Join(parts, ", ")
}

// ActsShow shows an act.
type ActsShow struct {
	ID string `arg:"" help:"The act's id."`
}

// Run implements chatd acts show.
func (x *ActsShow) Run(s *Session, g *Acts) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	a, err := c.ShowActWithResponse(s.Context, x.ID)
	if err != nil {
		return err
	}
	return s.raw(a.Body)
}

// ActsUndo takes an act back.
type ActsUndo struct {
	Act
	ID string `arg:"" help:"The act's id."`
}

// Run implements chatd acts undo.
func (x *ActsUndo) Run(s *Session, g *Acts) error {
	return s.act(g.Server, func(c *rest.ClientWithResponses) ([]byte, error) {
		a, err := c.UndoActWithResponse(s.Context, x.ID, &rest.UndoActParams{DryRun: x.dryRun(), XReason: x.reason()})
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}

// ActsExport writes acts.
type ActsExport struct{ ActsFilter }

// Run implements chatd acts export.
func (x *ActsExport) Run(s *Session, g *Acts) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	res, err := c.ClientInterface.ExportActs(s.Context, &rest.ExportActsParams{
		By: optional(x.By), Kind: optional(x.Kind), Room: optional(x.Room), User: optional(x.User), Since: x.since(s.Now()),
	})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(s.Stdout, res.Body)
	return err
}
