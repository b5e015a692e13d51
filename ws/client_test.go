package ws_test

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// patience bounds what a test waits for.
const patience = 10 * time.Second

// peer is a WebSocket client that can do everything wrong.
type peer struct {
	t    testing.TB
	raw  *net.TCPConn
	r    *bufio.Reader
	resp *http.Response
	next int // of request ids
}

// shake is a handshake: headers to set ("" drops one), and what else is unusual.
type shake struct {
	method, proto string
	header        map[string]string
	tail          []byte // sent together with the request
	rcvbuf        int
	from          string // the address to come from; empty: the system's choice
}

// handshake sends a handshake and reads the answer, whatever it is.
func (w *world) handshake(t testing.TB, path string, s shake) *peer {
	t.Helper()
	var dialer net.Dialer
	if s.from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(s.from)}
	}
	c, err := dialer.Dial("tcp", w.addr)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	raw := c.(*net.TCPConn)
	if s.rcvbuf > 0 {
		must(t, raw.SetReadBuffer(s.rcvbuf))
	}
	header := map[string]string{"Host": w.addr, "Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": newKey()}
	for k, v := range s.header {
		header[k] = v
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s\r\n", orText(s.method, "GET"), path, orText(s.proto, "HTTP/1.1"))
	for k, v := range header {
		if v != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", k, v)
		}
	}
	b.WriteString("\r\n")
	must(t, raw.SetDeadline(time.Now().Add(patience)))
	_, err = raw.Write(append([]byte(b.String()), s.tail...))
	must(t, err)
	p := &peer{t: t, raw: raw, r: bufio.NewReaderSize(raw, 1<<16)}
	p.resp, err = http.ReadResponse(p.r, &http.Request{Method: "GET"})
	must(t, err)
	if p.resp.StatusCode == http.StatusSwitchingProtocols {
		sum := sha1.Sum([]byte(header["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		if got, want := p.resp.Header.Get("Sec-Websocket-Accept"), base64.StdEncoding.EncodeToString(sum[:]); got != want {
			t.Fatalf("Sec-WebSocket-Accept: got %q, want %q", got, want)
		}
	}
	return p
}

func orText(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func newKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// dial opens a WebSocket.
func (w *world) dial(t testing.TB, path string, header map[string]string) *peer {
	t.Helper()
	p := w.handshake(t, path, shake{header: header})
	if p.resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake at %s: got %s", path, p.resp.Status)
	}
	return p
}

// v1 opens /ws and reads the welcome; token "" is a guest.
func (w *world) v1(t testing.TB, token string) *peer {
	t.Helper()
	header := map[string]string{"Sec-WebSocket-Protocol": "chatd.v1"}
	if token != "" {
		header["Authorization"] = "Bearer " + token
	}
	p := w.dial(t, "/ws", header)
	p.expect("welcome")
	return p
}

// in opens /ws and joins a room.
func (w *world) in(t testing.TB, token, room string) *peer {
	t.Helper()
	p := w.v1(t, token)
	p.join(room)
	return p
}

func (p *peer) join(room string) frame {
	p.t.Helper()
	p.ask("join", "room", room)
	p.expect("ack")
	return p.expect("joined")
}

// rawFrame is a frame that need not be right.
func rawFrame(first byte, masked bool, payload []byte) []byte {
	b := []byte{first}
	mask := byte(0)
	if masked {
		mask = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		b = append(b, mask|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), uint64(n))
	}
	if !masked {
		return append(b, payload...)
	}
	key := [4]byte{1, 2, 3, 4}
	b = append(b, key[:]...)
	for i, c := range payload {
		b = append(b, c^key[i%4])
	}
	return b
}

func textFrame(s string) []byte { return rawFrame(0x81, true, []byte(s)) }

func (p *peer) write(b ...[]byte) {
	p.t.Helper()
	must(p.t, p.raw.SetWriteDeadline(time.Now().Add(patience)))
	for _, x := range b {
		if _, err := p.raw.Write(x); err != nil {
			p.t.Fatalf("write: %v", err)
		}
	}
}

func (p *peer) say(s string) { p.t.Helper(); p.write(textFrame(s)) }

// ask sends a request with the next id and the fields given by name and value.
func (p *peer) ask(kind string, fields ...any) string {
	p.t.Helper()
	p.next++
	id := fmt.Sprint(p.next)
	m := map[string]any{"type": kind, "id": id}
	for i := 0; i < len(fields); i += 2 {
		m[fields[i].(string)] = fields[i+1]
	}
	b, err := json.Marshal(m)
	must(p.t, err)
	p.say(string(b))
	return id
}

// wire is one frame as it came.
type wire struct {
	first   byte
	payload []byte
}

func torn(err error) error { return fmt.Errorf("within a frame: %w", err) }

func readWire(r *bufio.Reader) (wire, error) {
	var h [2]byte
	if _, err := io.ReadFull(r, h[:1]); err != nil {
		return wire{}, err
	}
	if _, err := io.ReadFull(r, h[1:]); err != nil {
		return wire{}, torn(err)
	}
	n := uint64(h[1] & 127)
	if h[1]&0x80 != 0 {
		return wire{}, errors.New("the server masked a frame")
	}
	if ext := map[uint64]int{126: 2, 127: 8}[n]; ext > 0 {
		b := make([]byte, 8)
		if _, err := io.ReadFull(r, b[8-ext:]); err != nil {
			return wire{}, torn(err)
		}
		n = binary.BigEndian.Uint64(b)
	}
	f := wire{h[0], make([]byte, n)}
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return wire{}, torn(err)
	}
	return f, nil
}

// message reads until a whole text message, or until the end; a ping is answered.
func (p *peer) message(within time.Duration) ([]byte, *ended) {
	p.t.Helper()
	must(p.t, p.raw.SetReadDeadline(time.Now().Add(within)))
	var whole []byte
	for {
		f, err := readWire(p.r)
		if err != nil {
			return nil, &ended{err: err}
		}
		switch f.first & 15 {
		case 0, 1:
			if whole = append(whole, f.payload...); f.first&0x80 != 0 {
				return whole, nil
			}
		case 8:
			e := &ended{code: 1005}
			if len(f.payload) >= 2 {
				e.code, e.reason = int(binary.BigEndian.Uint16(f.payload)), string(f.payload[2:])
			}
			return nil, e
		case 9:
			p.write(rawFrame(0x8a, true, f.payload))
		case 10:
			return append([]byte("pong:"), f.payload...), nil
		}
	}
}

// ended is how the server ended the connection.
type ended struct {
	code   int
	reason string
	err    error
}

// frame is a frame of the server, decoded.
type frame map[string]any

func (f frame) String() string { b, _ := json.Marshal(map[string]any(f)); return string(b) }

// at follows names into a frame.
func (f frame) at(path ...string) any {
	var v any = map[string]any(f)
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func (p *peer) frame() frame {
	p.t.Helper()
	b, end := p.message(patience)
	if end != nil {
		p.t.Fatalf("the connection ended: %+v", *end)
	}
	var f frame
	if err := json.Unmarshal(b, &f); err != nil {
		p.t.Fatalf("not JSON: %q", b)
	}
	return f
}

// expect reads the next frame, which must be of this type. What time brings may come before.
func (p *peer) expect(kind string) frame {
	p.t.Helper()
	f := p.frame()
	for f["type"] != kind && (f["type"] == "presence" || f["type"] == "heartbeat") {
		f = p.frame()
	}
	if f["type"] != kind {
		p.t.Fatalf("got %s, want %q", f, kind)
	}
	return f
}

// await reads until a frame of this type.
func (p *peer) await(kind string) frame {
	p.t.Helper()
	for {
		if f := p.frame(); f["type"] == kind {
			return f
		}
	}
}

// refused reads the next frame, which must be an error with this code.
func (p *peer) refused(code string) frame {
	p.t.Helper()
	f := p.frame()
	for f["type"] == "presence" || f["type"] == "heartbeat" || f["type"] == "rights" {
		f = p.frame()
	}
	if f["code"] != code {
		p.t.Fatalf("got %s, want the code %q", f, code)
	}
	return f
}

// end reads until the connection ends with a code.
func (p *peer) end(code int) string {
	p.t.Helper()
	for {
		b, end := p.message(patience)
		if end == nil {
			continue
		}
		if end.code != code {
			p.t.Fatalf("the connection ended with %+v, want %d", *end, code)
		}
		_ = b
		if rest, err := io.ReadAll(p.r); err != nil || len(rest) > 0 {
			p.t.Fatalf("after the close frame: %q, %v", rest, err)
		}
		return end.reason
	}
}

// settled asks for something harmless and expects its answer to be the next that comes.
func (p *peer) settled(room string) {
	p.t.Helper()
	id := p.ask("read", "room", room, "seq", 0)
	if f := p.expect("ack"); f["id"] != id {
		p.t.Fatalf("got %s, want nothing more", f)
	}
}

func (p *peer) close() { p.raw.Close() }
