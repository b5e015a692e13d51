package remote

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/chatd/chatd/client/rest"
)

// Rooms are the commands on rooms.
type Rooms struct {
	Server
	List      RoomsList      `cmd:"" default:"withargs" help:"List rooms."`
	Show      RoomsShow      `cmd:"" help:"Show a room with its settings."`
	Create    RoomsCreate    `cmd:"" help:"Make a room."`
	Set       RoomsSet       `cmd:"" help:"Change settings: chatd rooms set lobby slow_mode_seconds=5 title=\"The lobby\"."`
	Archive   RoomsArchive   `cmd:"" help:"Archive a room: nobody but staff enters, nothing is lost."`
	Unarchive RoomsUnarchive `cmd:"" help:"Open an archived room again."`
	Clear     RoomsClear     `cmd:"" help:"Take every message out of a room. It can be undone."`
	Delete    RoomsDelete    `cmd:"" help:"Delete a room and everything in it, for good."`
	Lock      RoomsLock      `cmd:"" help:"Lock a room, or all of them, down for a while."`
	Unlock    RoomsUnlock    `cmd:"" help:"End a lock-down before its time."`
}

// RoomsList lists rooms.
type RoomsList struct {
	Text string `name:"text" short:"q" placeholder:"TEXT" help:"In the name or the title."`
	List
}

// Run implements chatd rooms list.
func (l *RoomsList) Run(s *Session, g *Rooms) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	head := []string{"ROOM", "TITLE", "MEMBERS", "SEQ", "STATE"}
	row := func(r rest.Room) []string {
		return []string{r.ID, r.Settings.Title, strconv.Itoa(r.Members), strconv.FormatInt(r.Seq, 10), stateOf(r)}
	}
	return list(s, g.Server, l.List, head, row, func(cursor *string, limit int) ([]byte, error) {
		a, err := c.ListRoomsWithResponse(s.Context, &rest.ListRoomsParams{Cursor: cursor, Limit: &limit, Q: optional(l.Text)})
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}

// stateOf tells what keeps people from using a room as usual.
func stateOf(r rest.Room) string {
	var words []string
	if r.ArchivedAt != nil {
		words = append(words, "archived")
	}
	if r.Settings.Closed {
		words = append(words, "closed")
	}
	if r.Settings.ReadOnly {
		words = append(words, "read-only")
	}
	if r.Lockdown != nil {
		words = append(words, fmt.Sprintf("locked (%s, until %s)", r.Lockdown.Level, when(&r.Lockdown.Until, "")))
	}
	if words == nil {
		return "open"
	}
	return strings.Join(words, ", ")
}

// RoomsShow shows a room.
type RoomsShow struct {
	Room string `arg:"" help:"Its name."`
}

// Run implements chatd rooms show.
func (x *RoomsShow) Run(s *Session, g *Rooms) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	a, err := c.ShowRoomWithResponse(s.Context, x.Room)
	if err != nil {
		return err
	}
	return s.raw(a.Body)
}

// RoomsCreate makes a room.
type RoomsCreate struct {
	Act
	Room     string   `arg:"" help:"Its name, for ever: a-z, 0-9, '.', '_' and '-'."`
	Settings []string `arg:"" optional:"" placeholder:"NAME=VALUE" help:"Settings, like title=Lobby guests=read."`
	Template string   `name:"template" placeholder:"NAME" help:"Start from a template (chatd api GET /room-templates lists them)."`
}

// Run implements chatd rooms create.
func (x *RoomsCreate) Run(s *Session, g *Rooms) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	settings, err := settingsOf(x.Settings)
	if err != nil {
		return err
	}
	a, err := c.CreateRoomWithResponse(s.Context, &rest.CreateRoomParams{DryRun: x.dryRun(), XReason: x.reason()},
		rest.RoomDraft{ID: x.Room, Settings: settings, Template: optional(x.Template)})
	if err != nil {
		return err
	}
	return s.raw(a.Body)
}

// RoomsSet changes settings.
type RoomsSet struct {
	Act
	Room     string   `arg:"" help:"The room."`
	Settings []string `arg:"" placeholder:"NAME=VALUE" help:"What to change; a value is JSON, or text as it stands."`
}

// Run implements chatd rooms set.
func (x *RoomsSet) Run(s *Session, g *Rooms) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	settings, err := settingsOf(x.Settings)
	if err != nil {
		return err
	}
	a, err := c.ConfigureRoomWithResponse(s.Context, x.Room, &rest.ConfigureRoomParams{DryRun: x.dryRun(), XReason: x.reason()},
		rest.RoomPatch{Settings: *settings})
	if err != nil {
		return err
	}
	return s.result(g.Server, a.Body)
}

// settingsOf reads NAME=VALUE. A value that isn't JSON, and the texts whatever they look like, are strings.
func settingsOf(words []string) (*rest.SettingsPatch, error) {
	values := make(map[string]json.RawMessage, len(words))
	for _, w := range words {
		name, value, ok := strings.Cut(w, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("setting %q: must be NAME=VALUE", w)
		}
		text := name == "title" || name == "topic" || !json.Valid([]byte(value))
		if values[name] = json.RawMessage(value); text {
			quoted, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			values[name] = quoted
		}
	}
	body, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	var p rest.SettingsPatch
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return &p, nil
}

// RoomsLock locks down.
type RoomsLock struct {
	Act
	Level  string        `arg:"" enum:"slow,known,signed_in,read_only,no_joins" help:"slow, known, signed_in, read_only or no_joins."`
	Room   string        `arg:"" optional:"" help:"The room; without it, all of them."`
	For    time.Duration `name:"for" default:"10m" help:"How long."`
	Every  time.Duration `name:"every" default:"30s" help:"Level slow: one message in this time."`
	Known  time.Duration `name:"known" default:"10m" help:"Level known: who was first seen this long ago writes."`
	Reason string        `name:"reason" placeholder:"TEXT" help:"What the people in the room are told."`
}

// Run implements chatd rooms lock.
func (x *RoomsLock) Run(s *Session, g *Rooms) error {
	c, err := s.client(g.Server)
	if err != nil {
		return err
	}
	d := rest.LockdownDraft{Level: rest.Level(x.Level), Room: optional(x.Room), ForSeconds: seconds(x.For), Reason: optional(x.Reason)}
	switch d.Level {
	case rest.LevelSlow:
		d.Seconds = optional(seconds(x.Every))
	case rest.LevelKnown:
		d.Seconds = optional(seconds(x.Known))
	}
	a, err := c.LockDownWithResponse(s.Context, &rest.LockDownParams{DryRun: x.dryRun(), XReason: x.reason()}, d)
	if err != nil {
		return err
	}
	return s.raw(a.Body)
}

// RoomsUnlock ends a lock-down.
type RoomsUnlock struct {
	Act
	Lockdown string `arg:"" help:"Its id (chatd rooms show ROOM tells it)."`
}

// Run implements chatd rooms unlock.
func (x *RoomsUnlock) Run(s *Session, g *Rooms) error {
	return s.act(g.Server, func(c *rest.ClientWithResponses) ([]byte, error) {
		a, err := c.LiftLockdownWithResponse(s.Context, x.Lockdown, &rest.LiftLockdownParams{DryRun: x.dryRun(), XReason: x.reason()})
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}
