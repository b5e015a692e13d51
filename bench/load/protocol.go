package load

import (
	"bytes"
	"strconv"
)

// Protocol is how a server is talked to.
type Protocol interface {
	Handshake(c *Conn) (path, headers string)
	// Opened is called when c is upgraded, Message with what it gets while it joins or is
	// read message by message, Ping with an object without members where Objects is true.
	Opened(c *Conn)
	Message(c *Conn, b []byte)
	Ping(c *Conn)
	Objects() bool
	// Post appends the author's message n.
	Post(b []byte, c *Conn, text []byte, n int64) []byte
}

// Room servers take a text frame for a message and have no other frames. Chatd's plain
// protocol is one of them.
type Plain struct{}

func (Plain) Handshake(c *Conn) (path, headers string) {
	if c.Token != "" {
		headers = "Cookie: chatd_guest=" + c.Token + "\r\n"
	}
	return "/ws/chat/" + c.Room.Name, headers
}
func (Plain) Opened(c *Conn) { c.joined() }
func (Plain) Objects() bool  { return false }
func (Plain) Ping(*Conn)     {}
func (Plain) Message(c *Conn, b []byte) {
	if code := field(b, `"code":"`); code != "" && bytes.HasPrefix(b, []byte(`{"error"`)) {
		c.refused(0, code)
		return
	}
	c.live(b)
}
func (Plain) Post(b []byte, _ *Conn, text []byte, _ int64) []byte { return append(b, text...) }

// V1 is chatd's protocol chatd.v1. Who has Since set joins by a request, with it; who
// hasn't is joined by the address.
type V1 struct{}

func (V1) Handshake(c *Conn) (path, headers string) {
	headers = "Sec-WebSocket-Protocol: chatd.v1\r\n"
	if c.Token != "" {
		headers += "Cookie: chatd_guest=" + c.Token + "\r\n"
	}
	if c.Since.Epoch != "" || c.Room == nil {
		return "/ws", headers
	}
	return "/ws/chat/" + c.Room.Name, headers
}

func (V1) Opened(c *Conn) {
	if c.Room == nil {
		c.joined()
	}
	if c.Since.Epoch != "" {
		c.send(opText, []byte(`{"type":"join","id":"j","room":"`+c.Room.Name+`","since":{"epoch":"`+c.Since.Epoch+`","seq":`+c.Since.Seq+`}}`))
	}
}

func (V1) Objects() bool { return false }
func (V1) Ping(*Conn)    {}

var (
	v1Message = []byte(`{"type":"message"`)
	v1Ack     = []byte(`{"type":"ack"`)
	v1Error   = []byte(`{"type":"error"`)
	v1Joined  = []byte(`{"type":"joined"`)
	v1Welcome = []byte(`{"type":"welcome"`)
)

func (V1) Message(c *Conn, b []byte) {
	switch {
	case bytes.HasPrefix(b, v1Message):
		if c.Resuming {
			c.Since.Seq = field(b, `"seq":`)
		}
		c.live(b)
	case bytes.HasPrefix(b, v1Ack):
		if n, err := strconv.ParseInt(field(b, `"id":"`), 10, 64); err == nil {
			c.acked(n)
		}
	case bytes.HasPrefix(b, v1Error):
		n, _ := strconv.ParseInt(field(b, `"id":"`), 10, 64)
		c.refused(n, field(b, `"code":"`))
	case bytes.HasPrefix(b, v1Joined):
		c.Recovered = bytes.Contains(b, []byte(`"recovered":true`))
		c.Since = Position{field(b, `"epoch":"`), field(b, `"seq":`)}
		c.past(b)
		c.joined()
	case bytes.HasPrefix(b, v1Welcome):
		c.Token = field(b, `"guest_token":"`)
	}
}

func (V1) Post(b []byte, c *Conn, text []byte, n int64) []byte {
	b = append(b, `{"type":"post","id":"`...)
	b = strconv.AppendInt(b, n, 10)
	b = append(b, `","nonce":"`...)
	b = strconv.AppendInt(b, n, 10)
	b = append(b, `","room":"`...)
	b = append(b, c.Room.Name...)
	b = append(b, `","text":"`...)
	b = append(b, text...)
	return append(b, `"}`...)
}

// Centrifuge is the JSON protocol of centrifuge: one command connects, one subscribes, and
// a message from the server may hold several objects, a line each.
type Centrifuge struct{}

func (Centrifuge) Handshake(*Conn) (path, headers string) { return "/connection/websocket", "" }
func (Centrifuge) Objects() bool                          { return true }
func (Centrifuge) Ping(c *Conn)                           { c.send(opText, emptyObject) }

func (Centrifuge) Opened(c *Conn) {
	recover := ""
	if c.Since.Epoch != "" {
		recover = `,"recover":true,"epoch":"` + c.Since.Epoch + `","offset":` + c.Since.Seq
	}
	c.send(opText, []byte(`{"id":1,"connect":{}}`+"\n"+`{"id":2,"subscribe":{"channel":"`+c.Room.Name+`"`+recover+`}}`))
}

// firstPost is the id of an author's first message: 1 connects, 2 subscribes.
const firstPost = 3

func (p Centrifuge) Message(c *Conn, b []byte) {
	for line := range bytes.SplitSeq(b, []byte("\n")) {
		switch {
		case bytes.HasPrefix(line, []byte(`{"push":`)):
			if c.Resuming {
				c.Since.Seq = field(line, `"offset":`)
			}
			c.live(line)
		case bytes.Equal(line, emptyObject):
			p.Ping(c)
		case bytes.HasPrefix(line, []byte(`{"id":`)):
			p.reply(c, line)
		}
	}
}

func (Centrifuge) reply(c *Conn, line []byte) {
	id, _ := strconv.ParseInt(field(line, `"id":`), 10, 64)
	switch {
	case bytes.Contains(line, []byte(`,"error":`)):
		c.refused(id-firstPost, field(line, `"code":`))
	case id == 2:
		c.Recovered = bytes.Contains(line, []byte(`"recovered":true`))
		c.Since = Position{field(line, `"epoch":"`), field(line, `"offset":`)}
		if c.Since.Seq == "" {
			c.Since.Seq = "0" // a channel that nobody has written to
		}
		c.past(line)
		c.joined()
	case id >= firstPost:
		c.acked(id - firstPost)
	}
}

func (Centrifuge) Post(b []byte, c *Conn, text []byte, n int64) []byte {
	b = append(b, `{"id":`...)
	b = strconv.AppendInt(b, n+firstPost, 10)
	b = append(b, `,"publish":{"channel":"`...)
	b = append(b, c.Room.Name...)
	b = append(b, `","data":{"text":"`...)
	b = append(b, text...)
	return append(b, `"}}}`...)
}
