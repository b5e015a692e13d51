package live

import (
	"maps"
	"time"

	"github.com/chatd/chatd/chat"
)

// Snapshot is how it goes at one moment.
type Snapshot struct {
	At       time.Time
	Uptime   time.Duration
	Sockets  Sockets
	People   People
	Occupied map[chat.RoomID]int
	// PerSecond are messages a second, over the last minute.
	PerSecond     float64
	P50, P95, P99 time.Duration  // from the post to the commit, over the last five minutes; zero: nothing was posted
	Talkers       map[string]int // messages of users over the last five minutes
}

const lastMinute = time.Minute

// Now reads how it goes.
func (m *Meter) Now() Snapshot {
	now := m.cfg.Now().UTC()
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Snapshot{
		At: now, Uptime: now.Sub(m.started), Sockets: m.sockets, People: m.sockets.People, Occupied: maps.Clone(m.occupied),
		Talkers: m.talk.counts(now),
	}
	s.Sockets.Refusals = maps.Clone(m.sockets.Refusals)
	var all histogram
	var messages int64
	m.rings[FiveMinutes].each(now, func(start time.Time, b *bucket) {
		all.merge(&b.latency)
		if start.After(now.Add(-lastMinute)) {
			messages += b.messages
		}
	})
	s.PerSecond = float64(messages) / min(lastMinute, max(s.Uptime, time.Second)).Seconds()
	s.P50, _ = all.quantile(0.50)
	s.P95, _ = all.quantile(0.95)
	s.P99, _ = all.quantile(0.99)
	return s
}

// Metric is one line of a chart.
type Metric string

// The metrics. Connections, Users and Rooms are the most in a step; Messages, Refusals and BytesOut are a second's;
// the latencies are in milliseconds.
const (
	Connections Metric = "connections"
	Users       Metric = "users"
	RoomsInUse  Metric = "rooms"
	Messages    Metric = "messages"
	Refusals    Metric = "refusals"
	BytesOut    Metric = "bytes_out"
	LatencyP50  Metric = "latency_p50"
	LatencyP99  Metric = "latency_p99"
)

// Metrics lists all metrics.
func Metrics() []Metric {
	return []Metric{Connections, Users, RoomsInUse, Messages, Refusals, LatencyP50, LatencyP99, BytesOut}
}

// Series are the points of some metrics over one window. A point that is nil wasn't measured.
type Series struct {
	From, To time.Time
	Step     time.Duration
	Points   map[Metric][]*float64
}

// Series reads how it went. The last point is of a step that isn't over.
func (m *Meter) Series(w Window, metrics []Metric) Series {
	now := m.cfg.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rings[w]
	if r == nil {
		return Series{}
	}
	s := Series{Step: r.step, Points: make(map[Metric][]*float64, len(metrics))}
	r.each(now, func(start time.Time, b *bucket) {
		if s.From.IsZero() {
			s.From = start
		}
		s.To = start.Add(r.step)
		for _, metric := range metrics {
			s.Points[metric] = append(s.Points[metric], b.point(metric))
		}
	})
	return s
}

// point is a metric's figure in a bucket.
func (b *bucket) point(m Metric) *float64 {
	if b.ticks == 0 {
		return nil
	}
	// The node samples once a second: ticks are for how many seconds of the step it ran.
	perSecond := func(n int64) float64 { return float64(n) / (float64(b.ticks) * sampleEvery.Seconds()) }
	var v float64
	switch m {
	case Connections:
		v = float64(b.connections)
	case Users:
		v = float64(b.users)
	case RoomsInUse:
		v = float64(b.rooms)
	case Messages:
		v = perSecond(b.messages)
	case Refusals:
		v = perSecond(b.refusals)
	case BytesOut:
		v = perSecond(b.bytes)
	case LatencyP50:
		return b.quantile(0.50)
	case LatencyP99:
		return b.quantile(0.99)
	}
	return &v
}

func (b *bucket) quantile(share float64) *float64 {
	d, ok := b.latency.quantile(share)
	if !ok {
		return nil
	}
	ms := float64(d) / float64(time.Millisecond)
	return &ms
}
