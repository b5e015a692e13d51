package ws

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/chatd/chatd/chat"
)

// subprotocol asks for v1.
const subprotocol = "chatd.v1"

// refusedHandshake is an HTTP answer instead of a WebSocket.
type refusedHandshake struct {
	status int
	why    *chat.Error
	header [2]string // one more, by name and value
}

// accept takes over the connection, or refuses the handshake: only for what concerns the
// node, the address, the site or the request. What concerns the person is told by session.open.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, room *string) {
	if err := s.admit(); err != nil {
		s.refuseHandshake(w, &refusedHandshake{status: http.StatusServiceUnavailable, why: err})
		return
	}
	taken := false
	defer func() {
		if !taken {
			s.conns.Done()
		}
	}()
	if !s.cfg.Origins.Allowed(r) {
		s.refuseHandshake(w, &refusedHandshake{status: http.StatusForbidden,
			why: chat.Refuse(chat.Forbidden, "origin_forbidden", "Pages of this site may not connect here.")})
		return
	}
	leave, refused := s.enterDoor(r)
	if refused == nil {
		refused = checkUpgrade(r)
		if refused != nil {
			leave()
		}
	}
	if refused != nil {
		s.refuseHandshake(w, refused)
		return
	}
	raw, early, err := hijack(w)
	if err != nil {
		leave()
		s.log.Error("hijack", "error", err)
		http.Error(w, "This server can't take over connections.", http.StatusInternalServerError)
		return
	}
	x := s.newSession(newConn(raw, early, &s.limits, s.stats), r, room)
	answer := &takenOver{conn: x.out, header: http.Header{}}
	if slices.Contains(websocket.Subprotocols(r), subprotocol) && x.protocol == v1 {
		answer.header.Set("Sec-Websocket-Protocol", subprotocol)
	}
	s.guarded(x, func() {
		ctx, cancel := context.WithTimeout(x.ctx, identifyWithin)
		defer cancel()
		x.identify(ctx, r.WithContext(ctx), answer.header)
	})
	// net/http's goroutine, with its buffers and its stack, isn't kept for the life of the session.
	upgrade := upgradeOnly(r)
	taken = true
	go func() {
		defer s.conns.Done()
		defer leave()
		s.serve(x, answer, upgrade)
	}()
}

// admit counts a connection in, for Drain to wait for.
func (s *Server) admit() *chat.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return chat.Refuse(chat.Unavailable, "stopping", "The server is going away. Try again in a moment.").After(jitter(comeBack))
	}
	s.conns.Add(1)
	return nil
}

// doors counts open connections by address.
type doors struct {
	mu     sync.Mutex
	all    int
	byAddr map[string]int
}

func (d *doors) init() { d.byAddr = map[string]int{} }

func (s *Server) enterDoor(r *http.Request) (leave func(), refused *refusedHandshake) {
	key := chat.AddrKey(s.cfg.Proxies.ClientAddr(r))
	if wait, err := s.svc.Limiter.Take(r.Context(), "conn:a:"+key, s.limits.ConnectRate); err != nil {
		s.log.Warn("count connections", "error", err)
	} else if wait > 0 {
		return nil, &refusedHandshake{status: http.StatusTooManyRequests,
			why: chat.Refuse(chat.RateLimited, "rate_limited", "Too many connections in a short time. Wait a little.").After(wait)}
	}
	d := &s.doors
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := s.limits.Connections; m > 0 && d.all >= m {
		return nil, &refusedHandshake{status: http.StatusServiceUnavailable,
			why: chat.Refuse(chat.Unavailable, "busy", "The server has too many connections. Try again in a moment.").After(jitter(5 * time.Second))}
	}
	if m := s.limits.ConnectionsPerAddr; m > 0 && d.byAddr[key] >= m {
		return nil, &refusedHandshake{status: http.StatusTooManyRequests,
			why: chat.Refuse(chat.RateLimited, "too_many_connections", "Too many connections are open from your address.").After(10 * time.Second)}
	}
	d.all++
	d.byAddr[key]++
	s.stats.connections.Add(1)
	return func() {
		s.stats.connections.Add(-1)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.all--
		if d.byAddr[key]--; d.byAddr[key] == 0 {
			delete(d.byAddr, key)
		}
	}, nil
}

// checkUpgrade asks for a handshake as RFC 6455, section 4.2.1, has it. The upgrader would
// too, but only once the connection is taken over.
func checkUpgrade(r *http.Request) *refusedHandshake {
	bad := func(status int, text, header, value string) *refusedHandshake {
		return &refusedHandshake{status: status, why: badRequest("%s", text), header: [2]string{header, value}}
	}
	switch {
	case r.Method != http.MethodGet:
		return bad(http.StatusMethodNotAllowed, "A WebSocket is opened with GET.", "Allow", http.MethodGet)
	case !r.ProtoAtLeast(1, 1) || r.ProtoMajor > 1:
		return bad(http.StatusBadRequest, "A WebSocket is opened over HTTP/1.1.", "", "")
	case !websocket.IsWebSocketUpgrade(r):
		return bad(http.StatusUpgradeRequired, "This is the address of a WebSocket.", "Upgrade", "websocket")
	case !slices.Contains(r.Header.Values("Sec-Websocket-Version"), "13"):
		return bad(http.StatusUpgradeRequired, "The WebSocket version is 13.", "Sec-Websocket-Version", "13")
	}
	keys := r.Header.Values("Sec-Websocket-Key")
	if len(keys) == 1 {
		if b, err := base64.StdEncoding.DecodeString(keys[0]); err == nil && len(b) == 16 {
			return nil
		}
	}
	return bad(http.StatusBadRequest, "Sec-WebSocket-Key is 16 bytes in base64, once.", "", "")
}

// refuseHandshake answers with a problem (RFC 9457).
func (s *Server) refuseHandshake(w http.ResponseWriter, f *refusedHandshake) {
	s.stats.refused(f.why.Code)
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if f.header[0] != "" {
		h.Set(f.header[0], f.header[1])
	}
	if f.why.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((f.why.RetryAfter+time.Second-1)/time.Second), 10))
	}
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(struct {
		Title      string `json:"title"`
		Status     int    `json:"status"`
		Code       string `json:"code"`
		Detail     string `json:"detail"`
		RetryAfter int64  `json:"retry_after_ms,omitempty"`
	}{http.StatusText(f.status), f.status, f.why.Code, f.why.Message, wholeMillis(f.why.RetryAfter)})
}

// hijack takes the connection from net/http, with what it has read already.
func hijack(w http.ResponseWriter) (net.Conn, []byte, error) {
	raw, brw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	_ = raw.SetDeadline(time.Time{})
	if brw.Reader.Buffered() == 0 {
		return raw, nil, nil
	}
	early, err := io.ReadAll(io.LimitReader(brw.Reader, int64(brw.Reader.Buffered())))
	if err != nil {
		raw.Close()
		return nil, nil, err
	}
	return raw, early, nil
}

// serve is the life of a connection from the upgrade on.
func (s *Server) serve(x *session, w *takenOver, r *http.Request) {
	defer x.out.finish()
	defer x.cleanUp()
	defer func() {
		if p := recover(); p != nil { // Melody's or gorilla's; ours are caught before
			s.panicked("connection", x.id, p)
		}
	}()
	if err := s.melody.HandleRequest(w, r); err != nil {
		s.log.Debug("upgrade", "session", x.id, "error", err)
	}
}

// identifyWithin bounds how long the keys of tokens may take to come.
const identifyWithin = 10 * time.Second

// upgradeOnly keeps of a request what the upgrade needs: Melody holds on to it.
func upgradeOnly(r *http.Request) *http.Request {
	h := http.Header{}
	for _, name := range []string{"Connection", "Upgrade", "Sec-Websocket-Version", "Sec-Websocket-Key"} {
		h[name] = r.Header[name]
	}
	return &http.Request{Method: r.Method, URL: &url.URL{}, Header: h, Host: r.Host,
		Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor}
}

// takenOver is the ResponseWriter that the upgrader gets: its Hijack gives our conn.
type takenOver struct {
	conn   *conn
	header http.Header
}

func (w *takenOver) Header() http.Header { return w.header }

// Write and WriteHeader would answer a request that can't be upgraded; checkUpgrade has.
func (w *takenOver) Write(p []byte) (int, error) { return 0, errors.New("connection is taken over") }
func (w *takenOver) WriteHeader(int)             {}

// Hijack implements http.Hijacker. The buffers are not used: the smallest will do.
func (w *takenOver) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.conn, bufio.NewReadWriter(bufio.NewReaderSize(w.conn, 16), bufio.NewWriterSize(w.conn, 16)), nil
}
