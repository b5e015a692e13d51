package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// dial opens a WebSocket to a path of the server.
func (i *instance) dial(path string, header http.Header) (*websocket.Conn, *http.Response, error) {
	i.t.Helper()
	conn, res, err := websocket.DefaultDialer.DialContext(i.t.Context(), "ws"+strings.TrimPrefix(i.url, "http")+path, header)
	if res != nil {
		res.Body.Close()
	}
	if err == nil {
		i.t.Cleanup(func() { conn.Close() })
		if err := conn.SetReadDeadline(time.Now().Add(deadline)); err != nil {
			i.t.Fatal(err)
		}
	}
	return conn, res, err
}

func (i *instance) mustDial(path string) *websocket.Conn {
	i.t.Helper()
	conn, _, err := i.dial(path, nil)
	if err != nil {
		i.t.Fatal(err)
	}
	return conn
}

// say sends a text; hear reads one frame.
func say(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

type frame struct {
	Type, Message, Error, Code, Name string
	ClientID                         string `json:"client_id"`
	RoomID                           string `json:"room_id"`
}

func hear(t *testing.T, conn *websocket.Conn) frame {
	t.Helper()
	_, text, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	var f frame
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("frame %s: %v", text, err)
	}
	return f
}

// TestTutorial is the conversation that chatd grew from.
func TestTutorial(t *testing.T) {
	dir := t.TempDir()
	i := start(t, dir)
	ann, bob := i.mustDial("/ws/chat/general"), i.mustDial("/ws/chat/general")

	say(t, ann, "Hello, world!")
	for _, conn := range []*websocket.Conn{ann, bob} {
		if f := hear(t, conn); f.Message != "Hello, world!" || f.RoomID != "general" || f.ClientID == "" {
			t.Errorf("got %+v, want the message", f)
		}
	}
	say(t, ann, "")
	if f := hear(t, ann); f.Error == "" || f.Code != "text_empty" {
		t.Errorf("got %+v for an empty message, want an error", f)
	}
	if _, got := i.get("/metrics"); !strings.Contains(got, `chatd_sessions{protocol="plain"} 2`) ||
		!strings.Contains(got, `chatd_refusals_total{code="text_empty"} 1`) {
		t.Error("/metrics lacks the sessions or the refusal")
	}
	if err := i.stop(); err != nil {
		t.Fatal(err)
	}

	if f := hear(t, start(t, dir).mustDial("/ws/chat/general")); f.Message != "Hello, world!" {
		t.Errorf("got %+v after a restart, want the message", f)
	}
}

func TestStopSaysGoodbye(t *testing.T) {
	i := start(t, t.TempDir())
	conn := i.mustDial("/ws/chat/general")
	say(t, conn, "hi")
	hear(t, conn)

	closed := make(chan error, 1)
	go func() {
		_, _, err := conn.ReadMessage()
		closed <- err
	}()
	if err := i.stop(); err != nil {
		t.Error(err)
	}

	var c *websocket.CloseError
	if err := <-closed; !errors.As(err, &c) || c.Code != 4000 || !strings.Contains(c.Text, "going_away") {
		t.Errorf("got %v, want a close with 4000, going_away", err)
	}
}

func TestTokenIsBelieved(t *testing.T) {
	i := start(t, t.TempDir())
	out, err := command(t, []string{"CHATD_JWT_SECRET=" + jwtSecret}, "token", "--sub=u1", "--name=Ann", "--rooms=general")
	if err != nil {
		t.Fatal(err)
	}
	token, _, _ := strings.Cut(out, "\n")
	conn := i.mustDial("/ws/chat/general?token=" + token)
	say(t, conn, "hi")
	if f := hear(t, conn); f.ClientID != "u:u1" || f.Name != "Ann" {
		t.Errorf("got %+v, want it from Ann", f)
	}
	if f := hear(t, i.mustDial("/ws/chat/other?token="+token)); f.Code != "room_forbidden" {
		t.Errorf("got %+v from a room that the token doesn't name, want room_forbidden", f)
	}
	if err := i.stop(); err != nil {
		t.Error(err)
	}
	if strings.Contains(i.stderr.String(), token) {
		t.Error("the token is in the log")
	}
}

func TestOrigins(t *testing.T) {
	i := start(t, t.TempDir(), "CHATD_ALLOWED_ORIGINS=https://www.example.com")
	for origin, want := range map[string]int{
		"https://www.example.com": http.StatusSwitchingProtocols,
		i.url:                     http.StatusSwitchingProtocols,
		"https://evil.example":    http.StatusForbidden,
	} {
		_, res, err := i.dial("/ws/chat/general", http.Header{"Origin": {origin}})
		if res == nil || res.StatusCode != want {
			t.Errorf("origin %s: got %v, %v, want %d", origin, res, err, want)
		}
	}
}

// TestBanEndsSessions shows the REST API and the sockets working on one core.
func TestBanEndsSessions(t *testing.T) {
	i := start(t, t.TempDir())
	conn := i.mustDial("/ws/chat/general")
	say(t, conn, "hi")
	me := hear(t, conn).ClientID

	if status, body := i.do("POST", "/api/v1/sanctions", `{"target":{"user":"`+me+`"},"effect":"ban","duration_seconds":60,"reason":"Enough."}`); status != http.StatusCreated {
		t.Fatalf("got %d %s", status, body)
	}

	if f := hear(t, conn); f.Code != "banned" || !strings.Contains(f.Error, "Enough.") {
		t.Errorf("got %+v, want to hear of the ban", f)
	}
	var c *websocket.CloseError
	if _, _, err := conn.ReadMessage(); !errors.As(err, &c) || c.Code != 4500 {
		t.Errorf("got %v, want a close with 4500", err)
	}
}

// TestEmbeddingHeaders shows that a room's settings reach the frame.
func TestEmbeddingHeaders(t *testing.T) {
	i := start(t, t.TempDir())
	if status, body := i.do("PATCH", "/api/v1/rooms/general", `{"settings":{"allowed_sites":["https://www.example.com"]}}`); status != http.StatusOK {
		t.Fatalf("got %d %s", status, body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, i.url+"/embed?room=general", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got := res.Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "frame-ancestors 'self' https://www.example.com") {
		t.Errorf("got policy %q, want it to name the site", got)
	}
}
