package client

import (
	"encoding/json"
	"fmt"
)

// decoders make events of the frames that are told as they come.
var decoders = map[string]func([]byte) (Event, error){
	"message":  decode[Posted],
	"edited":   decode[Edited],
	"deleted":  decode[Deleted],
	"restored": decode[Restored],
	"reaction": decode[Reacted],
	"room":     decode[RoomChanged],
	"cleared":  decode[Cleared],
	"held":     decode[Held],
	"released": decode[Released],
	"lockdown": decode[LockdownChanged],
	"rights":   decode[RightsChanged],
	"joined":   decode[Joined],
	"left":     decode[Left],
	"presence": decode[Presence],
	"typing":   decode[Typing],
	"banned":   decode[Banned],
	"muted":    decode[Muted],
	"unmuted":  decode[Unmuted],
	"notice":   decode[Notice],
	"expiring": decode[Expiring],
}

func decode[E Event](frame []byte) (Event, error) {
	var e E
	err := json.Unmarshal(frame, &e)
	return e, err
}

// handle takes one frame of the server; an error ends the connection.
func (c *Client) handle(s *session, frame []byte) error {
	var h head
	if err := json.Unmarshal(frame, &h); err != nil {
		return fmt.Errorf("client: decode frame: %w", err)
	}
	switch {
	case h.Type == "ack", h.Type == "error" && h.ID != "":
		c.answered(h, frame)
		return nil
	case h.Type == "error":
		s.note(frame)
		return nil
	case h.Type == "heartbeat":
		return c.heartbeat(frame)
	}
	d, ok := decoders[h.Type]
	if !ok {
		return nil // of a later version
	}
	e, err := d(frame)
	if err != nil {
		return fmt.Errorf("client: decode %s: %w", h.Type, err)
	}
	c.dispatch(s, e)
	return nil
}

func (c *Client) dispatch(s *session, e Event) {
	switch e := e.(type) {
	case Logged:
		c.logged(e)
	case Joined:
		c.roomJoined(e)
	case besides:
		c.aside(e.in(), e)
	case Left:
		c.removed(e)
	case Expiring:
		signal(s.refresh)
		c.queue.tell(e)
	default:
		c.queue.tell(e)
	}
}

// removed takes note that the server took us out of a room.
func (c *Client) removed(e Left) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.rooms[e.Room]; r != nil {
		delete(c.rooms, e.Room)
		r.fail(&Error{Code: e.Code, Message: e.Message, Room: e.Room})
	}
	c.queue.tell(e)
}

// heartbeat compares where we stand with where the server says that we should.
func (c *Client) heartbeat(frame []byte) error {
	var h struct {
		Positions map[string]position `json:"positions"`
	}
	if err := json.Unmarshal(frame, &h); err != nil {
		return fmt.Errorf("client: decode heartbeat: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, at := range h.Positions {
		if r := c.rooms[name]; r != nil && r.behind(at) {
			c.opts.Logger.Info("missed something, recovering", "room", name)
			r.desync()
			c.wakeLocked()
		}
	}
	return nil
}
