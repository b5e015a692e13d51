package peer

import (
	"encoding/json"
	"net/http"
	"path"
	"time"

	"github.com/google/uuid"
	"github.com/olahol/melody"
)

// envelope is what a room server tells its readers, the same as chatd's plain protocol.
type envelope struct {
	Client  string    `json:"client_id"`
	Room    string    `json:"room_id"`
	Message string    `json:"message"`
	At      time.Time `json:"timestamp"`
}

// frame is told to a room when client writes text.
func frame(client, room string, text []byte) []byte {
	b, _ := json.Marshal(envelope{client, room, string(text), time.Now().UTC()}) // it has nothing that can fail
	return b
}

// newMelody is the room server of Melody's documentation: BroadcastFilter by the path.
// It has no history, no limits and no filter.
func newMelody() http.Handler {
	m := melody.New()
	m.Config.MaxMessageSize = 4096
	m.HandleConnect(func(s *melody.Session) { s.Set("id", uuid.NewString()) })
	m.HandleMessage(func(s *melody.Session, text []byte) {
		room := s.Request.URL.Path
		b := frame(s.MustGet("id").(string), path.Base(room), text)
		_ = m.BroadcastFilter(b, func(to *melody.Session) bool { return to.Request.URL.Path == room })
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = m.HandleRequest(w, r) })
}
