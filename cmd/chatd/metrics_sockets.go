package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/chatd/chatd/api/live"
	"github.com/chatd/chatd/ws"
)

var (
	connections = desc("chatd_connections", "Open WebSocket connections.")
	sessions    = desc("chatd_sessions", "Open sessions.", "protocol")
	activeRooms = desc("chatd_rooms_active", "Rooms with readers on this node.")
	framesIn    = desc("chatd_frames_received_total", "Frames that clients have sent.")
	framesOut   = desc("chatd_frames_sent_total", "Frames that clients were sent.")
	bytesOut    = desc("chatd_sent_bytes_total", "Bytes that clients were sent.")
	slowReaders = desc("chatd_slow_readers_closed_total", "Connections closed because they didn't read.")
	panics      = desc("chatd_session_panics_total", "Sessions and rooms ended by a fault of chatd.")
	refusals    = desc("chatd_refusals_total", "Refusals told over WebSockets.", "code")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// socketCollector reads the sockets' counters when it is asked.
type socketCollector struct{ stats func() ws.Stats }

func (c *socketCollector) Describe(ch chan<- *prometheus.Desc) {
	prometheus.DescribeByCollect(c, ch)
}

func (c *socketCollector) Collect(ch chan<- prometheus.Metric) {
	s := c.stats()
	gauge := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	counter := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge(connections, s.Connections)
	gauge(activeRooms, s.Rooms)
	for protocol, n := range s.Sessions {
		gauge(sessions, n, protocol)
	}
	counter(framesIn, s.FramesIn)
	counter(framesOut, s.FramesOut)
	counter(bytesOut, s.BytesOut)
	counter(slowReaders, s.SlowReaders)
	counter(panics, s.Panics)
	for code, n := range s.Refusals {
		counter(refusals, n, code)
	}
}

// socketFigures are what the live figures need of the sockets.
func (n *node) socketFigures() live.Sockets {
	s := n.sockets.Stats()
	return live.Sockets{
		Plain: s.Sessions["plain"], V1: s.Sessions["v1"], People: live.People{Guests: s.Guests, SignedIn: s.SignedIn},
		BytesOut: s.BytesOut, Refusals: s.Refusals,
	}
}
