package peer

import (
	"net/http"
	"path"
	"sync"

	"github.com/google/uuid"
	"github.com/lxzan/gws"
)

// gwsRooms is a room server on gws: a map of rooms, and its Broadcaster, which frames a
// message once. It has no history, no limits, no filter and no pings.
type gwsRooms struct {
	gws.BuiltinEventHandler
	mu    sync.Mutex
	rooms map[string]map[*gws.Conn]struct{}
}

func newGWS() http.Handler {
	h := &gwsRooms{rooms: make(map[string]map[*gws.Conn]struct{})}
	upgrader := gws.NewUpgrader(h, &gws.ServerOption{
		Authorize: func(r *http.Request, s gws.SessionStorage) bool {
			s.Store("room", path.Base(r.URL.Path))
			s.Store("id", uuid.NewString())
			return true
		},
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r)
		if err != nil {
			return
		}
		go conn.ReadLoop() // net/http's part of the connection can be freed
	})
}

func (h *gwsRooms) OnOpen(c *gws.Conn) {
	room := text(c, "room")
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rooms[room] == nil {
		h.rooms[room] = make(map[*gws.Conn]struct{})
	}
	h.rooms[room][c] = struct{}{}
}

func (h *gwsRooms) OnClose(c *gws.Conn, _ error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.rooms[text(c, "room")], c)
}

func (h *gwsRooms) OnMessage(c *gws.Conn, m *gws.Message) {
	defer func() { _ = m.Close() }()
	room := text(c, "room")
	b := gws.NewBroadcaster(gws.OpcodeText, frame(text(c, "id"), room, m.Bytes()))
	defer func() { _ = b.Close() }()
	h.mu.Lock()
	defer h.mu.Unlock()
	for to := range h.rooms[room] {
		_ = b.Broadcast(to)
	}
}

func text(c *gws.Conn, key string) string {
	v, _ := c.Session().Load(key)
	s, _ := v.(string)
	return s
}
