package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

type state byte

const (
	idle state = iota // not connected
	dialing
	upgrading
	joining // upgraded, and not in its room yet
	ready
	ended
)

// Conn is one reader, and maybe an author too.
type Conn struct {
	Room  *Room
	Count int64 // messages that it got while it was there
	Past  int64 // messages that came with its join
	Close string
	// Sampled readers are read message by message, the others counted.
	Sampled bool
	// Buffer is the socket's receive buffer in bytes, 0 the system's choice.
	Buffer int
	// Token is what a chatd gave a guest to come back with; Since where it comes back to.
	Token string
	Since Position
	// Resuming readers keep Since up with what they get; Recovered is what the join said.
	Resuming, Recovered bool
	// Aside readers count neither for their room's Least nor for the latency.
	Aside bool

	e      *Engine
	fd     int
	id     int
	state  state
	frames frames
	out    []byte
	seen   map[int]*seen // by author
	author *author
}

// Position is a place in a room's log.
type Position struct {
	Epoch string
	Seq   string
}

// Add makes a connection that isn't dialed yet.
func (e *Engine) Add(r *Room) *Conn {
	c := &Conn{e: e, Room: r, id: len(e.all), fd: -1}
	c.frames.objects = e.Protocol.Objects()
	e.all = append(e.all, c)
	if r != nil {
		r.Conns = append(r.Conns, c)
	}
	return c
}

// Ready tells if it is in its room, Ended if the server has ended it.
func (c *Conn) Ready() bool { return c.state == ready }
func (c *Conn) Ended() bool { return c.state == ended }

// dial begins to connect.
func (c *Conn) dial() error {
	host, port, err := net.SplitHostPort(c.e.Addr)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	c.fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	_ = unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if c.Buffer > 0 {
		_ = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, c.Buffer)
	}
	if from := c.id / connsAnAddress; from > 0 {
		// Ports are counted by address.
		_ = unix.Bind(c.fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 1, byte(from)}})
	}
	to := &unix.SockaddrInet4{Port: n}
	copy(to.Addr[:], net.ParseIP(host).To4())
	if err := unix.Connect(c.fd, to); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return fmt.Errorf("connect: %w", err)
	}
	for len(c.e.conns) <= c.fd {
		c.e.conns = append(c.e.conns, nil)
	}
	c.e.conns[c.fd] = c
	c.state = dialing
	c.e.dialing++
	c.e.watch(unix.EPOLL_CTL_ADD, c.fd, unix.EPOLLOUT)
	return c.e.err
}

// connsAnAddress is how many connections come from one address: fewer than it has ports.
const connsAnAddress = 20_000

func (c *Conn) handle(events uint32) {
	if events&unix.EPOLLOUT != 0 {
		if c.state == dialing {
			c.state = upgrading
			c.out = appendHandshake(c.out, c)
		}
		c.flush(true)
	}
	if c.fd >= 0 && events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		c.read()
	}
}

func appendHandshake(b []byte, c *Conn) []byte {
	path, headers := c.e.Protocol.Handshake(c)
	b = append(b, "GET "+path+" HTTP/1.1\r\nHost: "+c.e.Addr+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"...)
	return append(append(b, headers...), "\r\n"...)
}

// send sends a message.
func (c *Conn) send(op byte, payload []byte) {
	c.out = appendFrame(c.out, op, payload)
	c.flush(false)
}

// flush writes what waits, and asks to hear of room in the socket where some is left.
func (c *Conn) flush(asked bool) {
	if c.fd < 0 || len(c.out) == 0 && !asked || !asked && c.state == dialing {
		return
	}
	n, err := unix.Write(c.fd, c.out)
	if err != nil && !errors.Is(err, unix.EAGAIN) {
		return // reading tells
	}
	c.out = c.out[:copy(c.out, c.out[max(n, 0):])]
	switch {
	case len(c.out) > 0:
		c.e.watch(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN|unix.EPOLLOUT)
	case asked:
		c.e.watch(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN)
		c.out = nil
	}
}

// Waiting is how much is still to be written.
func (c *Conn) Waiting() int { return len(c.out) }

// read doesn't tell Go's scheduler, which is half of what it costs: the socket never blocks.
func read(fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}

func (c *Conn) read() {
	n, errno := read(c.fd, c.e.in)
	switch {
	case errno == unix.EAGAIN:
		return
	case errno != 0 || n == 0:
		c.end("cut")
		return
	}
	c.e.Bytes += int64(n)
	c.take(c.e.in[:n])
}

// take handles what was read.
func (c *Conn) take(b []byte) {
	if c.state == upgrading {
		if b = c.upgraded(b); b == nil {
			return
		}
	}
	if c.state == ready && !c.Sampled {
		c.got(c.frames.count(b, c.control))
		return
	}
	c.frames.each(b, func(op byte, payload []byte) bool {
		if op == opText && !bytes.Equal(payload, emptyObject) {
			c.e.Protocol.Message(c, payload)
		} else {
			c.control(op, payload)
		}
		return c.state != ready || c.Sampled
	})
	if c.state == ready && !c.Sampled && len(c.frames.carry) > 0 {
		c.got(c.frames.count(nil, c.control)) // it has just joined, and more has come
	}
}

// upgraded reads the answer to the handshake and returns what follows it, nil when it
// isn't all there.
func (c *Conn) upgraded(b []byte) []byte {
	b = append(c.frames.carry, b...)
	head, rest, ok := bytes.Cut(b, []byte("\r\n\r\n"))
	if !ok {
		c.frames.carry = b
		return nil
	}
	c.frames.carry = nil
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101")) {
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		c.end(string(line) + " " + field(rest, `"code":"`))
		return nil
	}
	c.state = joining
	c.e.Protocol.Opened(c)
	return rest
}

func (c *Conn) joined() {
	if c.state == joining {
		c.state = ready
		c.e.dialing--
	}
}

// got notes that n messages came.
func (c *Conn) got(n int) {
	c.e.Delivered += int64(n)
	if c.Room != nil {
		c.Room.advance(c, int64(n))
	}
	c.Count += int64(n)
}

// live reads the messages in b, which came as they were sent.
func (c *Conn) live(b []byte) {
	now, n := c.e.Now(), 0
	eachToken(b, func(t Token) {
		n++
		c.note(t)
		if t.At >= c.e.from && t.At < c.e.until && !c.Aside {
			c.e.Latency.Add(timeOf(now - t.At))
		}
	})
	c.got(n)
}

// past counts the messages in b, which came with a join.
func (c *Conn) past(b []byte) {
	c.Past += int64(bytes.Count(b, []byte{mark}))
	if c.Resuming {
		eachToken(b, c.note)
	}
}

// Send sends a text message of the protocol's.
func (c *Conn) Send(payload string) { c.send(opText, []byte(payload)) }

func (c *Conn) control(op byte, payload []byte) {
	switch op {
	case opText:
		c.e.Protocol.Ping(c)
	case opPing:
		c.send(opPong, payload)
	case opClose:
		reason := "1005"
		if len(payload) >= 2 {
			reason = fmt.Sprintf("%d %s", binary.BigEndian.Uint16(payload), field(payload, `"code":"`))
		}
		c.end(reason)
	}
}

// end notes that the server has ended the connection.
func (c *Conn) end(why string) {
	if c.fd < 0 {
		return
	}
	c.Close = why
	c.e.Closed[why]++
	c.e.ended++
	c.drop()
	c.state = ended
}

// drop hangs up.
func (c *Conn) drop() {
	if c.fd < 0 {
		return
	}
	if c.state == dialing || c.state == upgrading || c.state == joining {
		c.e.dialing--
	}
	if c.Room != nil && c.state == ready {
		c.Room.leave(c)
	}
	c.e.conns[c.fd] = nil
	_ = unix.Close(c.fd)
	c.fd, c.state, c.out, c.frames = -1, idle, nil, frames{objects: c.frames.objects}
}

// Stall stops reading, Resume begins again.
func (c *Conn) Stall()  { c.e.watch(unix.EPOLL_CTL_DEL, c.fd, 0) }
func (c *Conn) Resume() { c.e.watch(unix.EPOLL_CTL_ADD, c.fd, unix.EPOLLIN) }
