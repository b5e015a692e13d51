package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/chatd/chatd/api/live"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/ws"
)

// metrics are what /metrics tells. Its labels are chatd's own words, never a client's.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "chatd_http_request_seconds", Help: "How long requests took, WebSockets and probes aside.",
			Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10},
		}, []string{"route", "status"}),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "chatd_build_info", Help: "The version that runs, as a label.",
			ConstLabels: prometheus.Labels{"version": versionName()},
		}, func() float64 { return 1 }),
		m.requests,
	)
	return m
}

// handler answers /metrics.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// watch adds what the sockets count.
func (m *metrics) watch(stats func() ws.Stats) {
	m.registry.MustRegister(&socketCollector{stats: stats})
}

// observe is api.Config's.
func (m *metrics) observe(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}

// countCommits returns bell, with its announcements counted, here and by meter: the committer makes one a commit.
func (m *metrics) countCommits(bell chat.Bell, meter *live.Meter) chat.Bell {
	c := &countedBell{
		Bell: bell, meter: meter,
		commits: prometheus.NewCounter(prometheus.CounterOpts{Name: "chatd_commits_total", Help: "Commits that were announced."}),
		events:  prometheus.NewCounter(prometheus.CounterOpts{Name: "chatd_events_total", Help: "Events of rooms' logs that were announced."}),
	}
	m.registry.MustRegister(c.commits, c.events)
	return c
}

type countedBell struct {
	chat.Bell
	meter           *live.Meter
	commits, events prometheus.Counter
}

func (b *countedBell) Announce(ctx context.Context, events []chat.Event) {
	b.commits.Inc()
	b.events.Add(float64(len(events)))
	b.meter.Announced(events)
	b.Bell.Announce(ctx, events)
}
