package ws

import (
	"time"

	"github.com/chatd/chatd/chat"
)

// Limits bound what connections may do and hold. New fills in the defaults of those that are
// zero; where zero is unlimited it says so.
type Limits struct {
	// Connections bounds those of the node, ConnectionsPerAddr those of an address (of an
	// IPv6 /64) at a time; zero: unlimited. ConnectRate bounds how fast an address opens them.
	Connections        int
	ConnectionsPerAddr int
	ConnectRate        chat.Rate

	MessageBytes  int // of one message to the server; default 64 KiB
	Rooms         int // that one connection may have joined; default 100
	PostsInFlight int // of one connection, not yet answered; default 32

	// FramesPerSecond bounds what is read from one connection, in messages and control frames:
	// beyond it, and FramesBurst, the connection isn't read for a while. Default 100 and 400;
	// negative: unlimited.
	FramesPerSecond float64
	FramesBurst     float64

	// SendBuffer is the kernel's buffer for what a reader hasn't read, in bytes; default 32
	// KiB; negative: the system's.
	SendBuffer int
	// QueueBytes bounds what waits for one reader beside that, who doesn't read; one who does may be further behind. Default 256 KiB.
	QueueBytes int

	Stall  time.Duration // how long the kernel may refuse a reader's bytes; default 10 s
	Linger time.Duration // how long an ended connection may take to say so; default 5 s
	Forget time.Duration // how long the kernel keeps what an ended one hasn't taken; default 30 s

	PingEvery time.Duration // default 25 s
	PongWait  time.Duration // a peer that is silent for so long is closed; default 60 s
}

func (l Limits) withDefaults() Limits {
	orInt(&l.MessageBytes, 64<<10)
	orInt(&l.Rooms, 100)
	orInt(&l.PostsInFlight, 32)
	orInt(&l.SendBuffer, 32<<10)
	orInt(&l.QueueBytes, 256<<10)
	if l.FramesPerSecond == 0 {
		l.FramesPerSecond = 100
	}
	if l.FramesBurst == 0 {
		l.FramesBurst = 4 * l.FramesPerSecond
	}
	orDuration(&l.Stall, 10*time.Second)
	orDuration(&l.Linger, 5*time.Second)
	orDuration(&l.Forget, 30*time.Second)
	orDuration(&l.PingEvery, 25*time.Second)
	orDuration(&l.PongWait, 60*time.Second)
	return l
}

func orInt(v *int, def int) {
	if *v == 0 {
		*v = def
	}
}

func orDuration(v *time.Duration, def time.Duration) {
	if *v == 0 {
		*v = def
	}
}

// maxPause is how long a connection may be read slower than it writes before what it
// sends is refused: until then it doesn't notice.
const maxPause = 5 * time.Second

// pace is a token bucket for what one connection sends. Only its reader uses it.
type pace struct {
	perSecond, burst float64
	left             float64
	at               time.Time // when left was reckoned
	busySince        time.Time // since when it has been waiting for tokens; zero: it hasn't
}

// take spends one token. Where none is left it returns how long to stop reading; refuse says
// that this has gone on for too long.
func (p *pace) take(now time.Time) (pause time.Duration, refuse bool) {
	if p.perSecond < 0 {
		return 0, false
	}
	if p.at.IsZero() {
		p.left = p.burst
	} else {
		p.left = min(p.burst, p.left+now.Sub(p.at).Seconds()*p.perSecond)
	}
	p.at = now
	p.left--
	if p.left >= 0 {
		if p.left > p.burst/2 {
			p.busySince = time.Time{}
		}
		return 0, false
	}
	if p.busySince.IsZero() {
		p.busySince = now
	}
	pause = time.Duration(-p.left / p.perSecond * float64(time.Second))
	return pause, now.Sub(p.busySince) > maxPause
}

// strikes counts malformed frames.
type strikes struct {
	n     int
	since time.Time
}

const (
	maxStrikes   = 10
	strikeWindow = time.Minute
)

// add reports whether there were too many within the window.
func (s *strikes) add(now time.Time) bool {
	if now.Sub(s.since) > strikeWindow {
		*s = strikes{since: now}
	}
	s.n++
	return s.n > maxStrikes
}
