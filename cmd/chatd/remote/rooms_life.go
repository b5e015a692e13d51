package remote

import "github.com/chatd/chatd/client/rest"

// RoomsArchive archives a room.
type RoomsArchive struct {
	Act
	Room string `arg:"" help:"The room."`
}

// Run implements chatd rooms archive.
func (x *RoomsArchive) Run(s *Session, g *Rooms) error {
	return s.act(g.Server, func(c *rest.ClientWithResponses) ([]byte, error) {
		a, err := c.ArchiveRoomWithResponse(s.Context, x.Room, &rest.ArchiveRoomParams{DryRun: x.dryRun(), XReason: x.reason()})
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}

// RoomsUnarchive opens an archived room again.
type RoomsUnarchive struct {
	Act
	Room string `arg:"" help:"The room."`
}

// Run implements chatd rooms unarchive.
func (x *RoomsUnarchive) Run(s *Session, g *Rooms) error {
	return s.act(g.Server, func(c *rest.ClientWithResponses) ([]byte, error) {
		a, err := c.UnarchiveRoomWithResponse(s.Context, x.Room, &rest.UnarchiveRoomParams{DryRun: x.dryRun(), XReason: x.reason()})
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}

// RoomsClear takes every message out of a room.
type RoomsClear struct {
	Act
	Room string `arg:"" help:"The room."`
}

// Run implements chatd rooms clear.
func (x *RoomsClear) Run(s *Session, g *Rooms) error {
	return s.act(g.Server, func(c *rest.ClientWithResponses) ([]byte, error) {
		a, err := c.ClearRoomWithResponse(s.Context, x.Room, &rest.ClearRoomParams{DryRun: x.dryRun(), XReason: x.reason()})
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}

// RoomsDelete deletes a room for good.
type RoomsDelete struct {
	Act
	Room string `arg:"" help:"The room."`
}

// Run implements chatd rooms delete.
func (x *RoomsDelete) Run(s *Session, g *Rooms) error {
	return s.act(g.Server, func(c *rest.ClientWithResponses) ([]byte, error) {
		a, err := c.DeleteRoomWithResponse(s.Context, x.Room, &rest.DeleteRoomParams{DryRun: x.dryRun(), XReason: x.reason()})
		if err != nil {
			return nil, err
		}
		return a.Body, nil
	})
}
