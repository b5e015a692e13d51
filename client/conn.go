package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coder/websocket"
)

// Subprotocol is the WebSocket subprotocol of v1.
const Subprotocol = "chatd.v1"

// maxFrame bounds what the server may send in one frame: a joined with 200 messages of
// 4,000 characters each, in two forms, fits several times.
const maxFrame = 16 << 20

// Conn is one open connection: a stream of text frames each way. Reading and writing
// may happen at the same time, Abort at any time.
type Conn interface {
	// Read returns the next text frame. After the peer's close frame it returns a
	// *CloseError. The connection is unusable once ctx has ended or an error came.
	Read(ctx context.Context) ([]byte, error)
	// Write sends a text frame. The connection is unusable once ctx has ended or an error came.
	Write(ctx context.Context, frame []byte) error
	// Close says goodbye and waits a few seconds at most for the peer to do so too.
	Close() error
	// Abort drops the connection at once.
	Abort() error
}

// DialFunc opens a connection for Subprotocol.
type DialFunc func(ctx context.Context, url string, header http.Header) (Conn, error)

// Network returns the DialFunc that a Client uses when it is given none, for others to
// wrap. hc makes the handshakes; nil: http.DefaultClient.
func Network(hc *http.Client) DialFunc {
	return func(ctx context.Context, u string, header http.Header) (Conn, error) {
		ws, resp, err := websocket.Dial(ctx, u, &websocket.DialOptions{ //nolint:bodyclose // the library does
			HTTPClient:   hc,
			HTTPHeader:   header,
			Subprotocols: []string{Subprotocol},
		})
		if err != nil {
			return nil, dialError(resp, err)
		}
		ws.SetReadLimit(maxFrame)
		return netConn{ws}, nil
	}
}

func dialError(resp *http.Response, err error) error {
	if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		s, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return &HandshakeError{Status: resp.StatusCode, RetryAfter: time.Duration(max(s, 0)) * time.Second}
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err // without the address, whose query may hold a token
	}
	return fmt.Errorf("client: dial: %w", err)
}

// netConn is a Conn over the network.
type netConn struct{ ws *websocket.Conn }

func (c netConn) Read(ctx context.Context) ([]byte, error) {
	for {
		kind, frame, err := c.ws.Read(ctx)
		var ce websocket.CloseError
		switch {
		case errors.As(err, &ce):
			return nil, closeError(int(ce.Code), ce.Reason)
		case err != nil:
			return nil, fmt.Errorf("client: read: %w", err)
		case kind == websocket.MessageText:
			return frame, nil
		} // v1 has no binary frames; one of a later version is ignored like an unknown type
	}
}

func (c netConn) Write(ctx context.Context, frame []byte) error {
	if err := c.ws.Write(ctx, websocket.MessageText, frame); err != nil {
		return fmt.Errorf("client: write: %w", err)
	}
	return nil
}

func (c netConn) Close() error { return c.ws.Close(websocket.StatusNormalClosure, "") }

func (c netConn) Abort() error { return c.ws.CloseNow() }
