package ws_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/ws"
)

func TestHandshake(t *testing.T) {
	w := newWorld(t)
	host := w.addr
	tests := map[string]struct {
		shake
		status int
	}{
		"as it should be":      {shake{}, 101},
		"token lists":          {shake{header: map[string]string{"Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket"}}, 101},
		"unknown subprotocol":  {shake{header: map[string]string{"Sec-WebSocket-Protocol": "soap"}}, 101},
		"deflate is offered":   {shake{header: map[string]string{"Sec-WebSocket-Extensions": "permessage-deflate"}}, 101},
		"POST":                 {shake{method: "POST"}, 405},
		"HTTP/1.0":             {shake{proto: "HTTP/1.0"}, 400},
		"no Upgrade":           {shake{header: map[string]string{"Upgrade": ""}}, 426},
		"no Connection":        {shake{header: map[string]string{"Connection": ""}}, 426},
		"version 8":            {shake{header: map[string]string{"Sec-WebSocket-Version": "8"}}, 426},
		"no key":               {shake{header: map[string]string{"Sec-WebSocket-Key": ""}}, 400},
		"short key":            {shake{header: map[string]string{"Sec-WebSocket-Key": "c2hvcnQ="}}, 400},
		"same origin":          {shake{header: map[string]string{"Origin": "http://" + host}}, 101},
		"allowed origin":       {shake{header: map[string]string{"Origin": "https://friend.example"}}, 101},
		"below an allowed one": {shake{header: map[string]string{"Origin": "https://a.friends.example"}}, 101},
		"foreign origin":       {shake{header: map[string]string{"Origin": "https://evil.example"}}, 403},
		"null origin":          {shake{header: map[string]string{"Origin": "null"}}, 403},
		"look-alike origin":    {shake{header: map[string]string{"Origin": "http://127.0.0.1.evil.example"}}, 403},
		"allowed as a prefix":  {shake{header: map[string]string{"Origin": "https://friend.example.evil.example"}}, 403},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := w.handshake(t, "/ws/chat/general", tt.shake)
			h := p.resp.Header
			if p.resp.StatusCode != tt.status {
				t.Fatalf("got %s, want %d", p.resp.Status, tt.status)
			}
			if h.Get("Sec-Websocket-Protocol") != "" || h.Get("Sec-Websocket-Extensions") != "" {
				t.Errorf("negotiated: %v", h)
			}
			if tt.status == 426 && name == "version 8" && h.Get("Sec-Websocket-Version") != "13" {
				t.Errorf("Sec-WebSocket-Version: got %q, want 13", h.Get("Sec-Websocket-Version"))
			}
			if tt.status != 101 {
				problem(t, p.resp)
			}
		})
	}
}

// problem reads a refusal and returns its code.
func problem(t *testing.T, r *http.Response) string {
	t.Helper()
	var body struct {
		Status int
		Code   string
		Detail string
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Status != r.StatusCode || body.Code == "" || body.Detail == "" {
		t.Errorf("got %+v, %v, want a problem", body, err)
	}
	return body.Code
}

func TestEarlyFramesAreServed(t *testing.T) {
	w := newWorld(t)
	p := w.handshake(t, "/ws/chat/general", shake{tail: textFrame("early")})
	if f := p.frame(); f["message"] != "early" {
		t.Errorf("got %s", f)
	}
}

func TestFloodsOfConnections(t *testing.T) {
	tests := map[string]struct {
		limit  func(*ws.Limits)
		status int
	}{
		"rate":        {func(l *ws.Limits) { l.ConnectRate = chat.Rate{Limit: 2, Period: time.Hour} }, 429},
		"per address": {func(l *ws.Limits) { l.ConnectionsPerAddr = 2 }, 429},
		"of the node": {func(l *ws.Limits) { l.Connections = 2 }, 503},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, limits(tt.limit))
			first := w.dial(t, "/ws", nil)
			w.dial(t, "/ws", nil)

			p := w.handshake(t, "/ws", shake{})

			if p.resp.StatusCode != tt.status {
				t.Fatalf("got %s, want %d", p.resp.Status, tt.status)
			}
			problem(t, p.resp)
			if n, err := strconv.Atoi(p.resp.Header.Get("Retry-After")); err != nil || n < 1 {
				t.Errorf("Retry-After: got %q", p.resp.Header.Get("Retry-After"))
			}
			first.close()
			if name != "rate" {
				eventually(t, patience, "a connection is gone", func() bool { return w.srv.Stats().Connections == 1 })
				w.dial(t, "/ws", nil)
			}
		})
	}
}

func TestDrain(t *testing.T) {
	w := newWorld(t)
	v1, plain := w.in(t, "", "general"), w.dial(t, "/ws/chat/general", nil)
	stuck := w.in(t, "", "general") // never reads again
	_ = stuck
	v1.ask("post", "room", "general", "text", "last words")
	v1.await("message")

	began := time.Now()
	must(t, w.srv.Drain(context.Background()))

	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("took %s", took)
	}
	for _, p := range []*peer{v1, plain} {
		var why struct {
			Code  string `json:"code"`
			Retry int    `json:"retry_after_ms"`
		}
		must(t, json.Unmarshal([]byte(p.end(4000)), &why))
		if why.Code != "going_away" || why.Retry < 1000 || why.Retry > 3000 {
			t.Errorf("got %+v", why)
		}
	}
	p := w.handshake(t, "/ws", shake{})
	if p.resp.StatusCode != 503 || p.resp.Header.Get("Retry-After") == "" {
		t.Errorf("while draining: got %s, %v", p.resp.Status, p.resp.Header)
	}
	if code := problem(t, p.resp); code != "stopping" {
		t.Errorf("code: got %q", code)
	}
	if got := w.srv.Stats(); got.Connections != 0 || got.Refusals["stopping"] != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestNoCompressionEver(t *testing.T) {
	w := newWorld(t)
	p := w.handshake(t, "/ws", shake{header: map[string]string{"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}})
	if x := p.resp.Header.Get("Sec-Websocket-Extensions"); x != "" {
		t.Errorf("accepted %q", x)
	}
	p.write(rawFrame(0xc1, true, []byte("x"))) // RSV1
	if reason := p.end(1002); !strings.Contains(reason, "RSV1") {
		t.Errorf("reason: got %q", reason)
	}
}
