package ws_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// TestOverTLS is the way without system calls of our own: the same frames, the same end.
func TestOverTLS(t *testing.T) {
	w := newWorld(t)
	for i := range 50 {
		w.post(t, "general", text(i))
	}
	s := httptest.NewTLSServer(w.routes())
	defer s.Close()
	raw, err := tls.Dial("tcp", s.Listener.Addr().String(), s.Client().Transport.(*http.Transport).TLSClientConfig)
	must(t, err)
	defer raw.Close()
	must(t, raw.SetDeadline(time.Now().Add(patience)))
	_, err = fmt.Fprintf(raw, "GET /ws/chat/general HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", newKey())
	must(t, err)
	r := bufio.NewReader(raw)
	resp, err := http.ReadResponse(r, nil)
	must(t, err)
	if cookie := resp.Header.Get("Set-Cookie"); !strings.Contains(cookie, "Secure") {
		t.Errorf("Set-Cookie: got %q, want Secure", cookie)
	}
	_, err = raw.Write(textFrame(text(50)))
	must(t, err)
	for i := range 51 {
		f, err := readWire(r)
		if err != nil || !strings.Contains(string(f.payload), `"`+text(i)+`"`) {
			t.Fatalf("got %q, %v, want %q", f.payload, err, text(i))
		}
	}

	w.srv.End(func(chat.LiveSession) bool { return true }, chat.Refuse(chat.Forbidden, "kicked", "You were removed."))

	for _, first := range []byte{0x81, 0x88} {
		if f, err := readWire(r); err != nil || f.first != first {
			t.Fatalf("got %x %q, %v, want a frame %x", f.first, f.payload, err, first)
		}
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("after the close frame: %d bytes, %v", n, err)
	}
}
