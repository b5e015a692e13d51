package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/chatd/chatd/client"
)

// bare is a v1 connection without the Go client's cares, for tests that send what it
// never would.
type bare struct {
	t    *testing.T
	conn client.Conn
	last int
	kept []map[string]any // frames that were read while another was waited for
}

// bare connects with v1; the connection is dropped with the test.
func (p *program) bare(t *testing.T, path, token string) *bare {
	t.Helper()
	h := http.Header{}
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	conn, err := (&lines{spec: p.spec}).dial(within(t, 20*time.Second), "ws://"+p.addr+path, h)
	if err != nil {
		t.Fatalf("dial %s: %v", path, err)
	}
	t.Cleanup(func() { _ = conn.Abort() }) // the test may have ended it
	return &bare{t: t, conn: conn}
}

// read returns the next frame.
func (b *bare) read() (map[string]any, error) {
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	frame, err := b.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	if err := json.Unmarshal(frame, &m); err != nil {
		return nil, fmt.Errorf("%w: %s", err, frame)
	}
	return m, nil
}

// until returns the first frame that matches, kept ones first, and keeps the others.
func (b *bare) until(what string, match func(map[string]any) bool) map[string]any {
	b.t.Helper()
	for i, m := range b.kept {
		if match(m) {
			b.kept = append(b.kept[:i:i], b.kept[i+1:]...)
			return m
		}
	}
	for {
		m, err := b.read()
		if err != nil {
			b.t.Fatalf("waiting for %s: %v", what, err)
		}
		if match(m) {
			return m
		}
		b.kept = append(b.kept, m)
	}
}

// next returns the next frame of this type.
func (b *bare) next(kind string) map[string]any {
	b.t.Helper()
	return b.until(kind, func(m map[string]any) bool { return m["type"] == kind })
}

// write sends a frame as it is.
func (b *bare) write(frame []byte) {
	b.t.Helper()
	// Around the recording: what is sent here may be wrong on purpose.
	if err := b.conn.(*line).Conn.Write(within(b.t, 20*time.Second), frame); err != nil {
		b.t.Fatalf("write: %v", err)
	}
}

// ask makes a request and returns its ack or error.
func (b *bare) ask(kind string, q map[string]any) map[string]any {
	b.t.Helper()
	b.last++
	id := "q" + strconv.Itoa(b.last)
	frame := map[string]any{"type": kind, "id": id}
	for k, v := range q {
		frame[k] = v
	}
	j, err := json.Marshal(frame)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.conn.Write(within(b.t, 20*time.Second), j); err != nil {
		b.t.Fatalf("write %s: %v", kind, err)
	}
	return b.until("the answer to "+kind, func(m map[string]any) bool { return m["id"] == id })
}

// done makes a request that must not be refused.
func (b *bare) done(kind string, q map[string]any) map[string]any {
	b.t.Helper()
	a := b.ask(kind, q)
	if a["type"] != "ack" {
		b.t.Fatalf("%s %v: got %v, want an ack", kind, q, a)
	}
	return a
}

// ends reads up to the close, and returns it with the last error frame before it.
func (b *bare) ends() (*client.CloseError, map[string]any) {
	b.t.Helper()
	var refusal map[string]any
	for _, m := range b.kept {
		if m["type"] == "error" {
			refusal = m
		}
	}
	for {
		m, err := b.read()
		var ce *client.CloseError
		switch {
		case errors.As(err, &ce):
			return ce, refusal
		case err != nil:
			b.t.Fatalf("waiting for the close: %v", err)
		case m["type"] == "error":
			refusal = m
		}
	}
}

// plain is a connection with the plain protocol.
type plain struct {
	t    *testing.T
	ws   *websocket.Conn
	spec *ledger
	// cookie is what the 101 set; nil: nothing.
	cookie *http.Cookie
}

// plain connects to a room without a subprotocol.
func (p *program) plain(t *testing.T, room string, h http.Header) *plain {
	t.Helper()
	ws, resp, err := websocket.Dial(within(t, 20*time.Second), "ws://"+p.addr+"/ws/chat/"+room, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, HTTPHeader: h,
	})
	if err != nil {
		t.Fatalf("dial plain: %v", err)
	}
	t.Cleanup(func() { _ = ws.CloseNow() }) // the test may have ended it
	x := &plain{t: t, ws: ws, spec: p.spec}
	for _, c := range resp.Cookies() {
		if c.Name == "chatd_guest" {
			x.cookie = c
		}
	}
	return x
}

func (x *plain) send(text string) {
	x.t.Helper()
	if err := x.ws.Write(within(x.t, 20*time.Second), websocket.MessageText, []byte(text)); err != nil {
		x.t.Fatalf("write: %v", err)
	}
}

func (x *plain) receive() map[string]any {
	x.t.Helper()
	_, frame, err := x.ws.Read(within(x.t, 20*time.Second))
	if err != nil {
		x.t.Fatalf("read: %v", err)
	}
	x.spec.plainText(frame)
	var m map[string]any
	if err := json.Unmarshal(frame, &m); err != nil {
		x.t.Fatalf("%v: %s", err, frame)
	}
	return m
}
