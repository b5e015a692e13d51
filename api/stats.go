package api

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/chatd/chatd/api/live"
	"github.com/chatd/chatd/chat"
)

const topOf = 10 // how many the lists of the largest name

// ShowStats implements GET /stats.
func (h *handler) ShowStats(ctx context.Context, _ ShowStatsRequestObject) (ShowStatsResponseObject, error) {
	by := callerOf(ctx).actor
	c, err := h.count(ctx, by)
	return ShowStats200JSONResponse(statsFor(by, c)), err
}

// count counts how this node is doing.
func (h *handler) count(ctx context.Context, by chat.Actor) (counted, error) {
	stored, err := h.chat.Figures(ctx, by)
	return counted{stored, h.live.Now()}, err
}

// statsFor tells how this node is doing, as far as the caller may know: of rooms and users only those in their rooms.
func statsFor(by chat.Actor, c counted) Stats {
	f, now := c.stored, c.now
	s := Stats{
		At: now.At, UptimeSeconds: int64(now.Uptime / time.Second), Nodes: 1,
		Connections: ConnectionCounts{
			Total: int(now.Sockets.Plain + now.Sockets.V1), Plain: int(now.Sockets.Plain), V1: int(now.Sockets.V1),
		},
		Users: UserCounts{
			Total: now.People.Guests + now.People.SignedIn, Guests: now.People.Guests, SignedIn: now.People.SignedIn,
		},
		Rooms:             RoomCounts{Stored: f.Rooms, Occupied: len(now.Occupied)},
		MessagesPerSecond: math.Round(now.PerSecond*100) / 100,
		Refusals:          refusalCounts(now.Sockets.Refusals),
		Latency:           Latency{P50Ms: milliseconds(now.P50), P95Ms: milliseconds(now.P95), P99Ms: milliseconds(now.P99)},
		Held:              f.Held, Sanctions: f.Sanctions,
		TopRooms: each(live.Top(coveredRooms(by, now.Occupied), topOf), toCounted), TopUsers: []Counted{},
	}
	if by.Grant.Everywhere() {
		s.TopUsers = each(live.Top(now.Talkers, topOf), toCounted)
	}
	return s
}

func toCounted(c live.Counted) Counted { return Counted{ID: c.ID, Count: c.Count} }

// coveredRooms are the rooms that the caller may know of.
func coveredRooms(by chat.Actor, occupied map[chat.RoomID]int) map[string]int {
	counts := make(map[string]int, len(occupied))
	for room, n := range occupied {
		if by.Grant.Covers(room) {
			counts[string(room)] = n
		}
	}
	return counts
}

// refusalCounts are the refusals since the start, the most frequent first.
func refusalCounts(by map[string]int64) []RefusalCount {
	all := make([]RefusalCount, 0, len(by))
	for code, n := range by {
		all = append(all, RefusalCount{Code: code, Count: n})
	}
	slices.SortFunc(all, func(x, y RefusalCount) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), strings.Compare(x.Code, y.Code))
	})
	return all
}

func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Microsecond)) / 1000
}

// ListSeries implements GET /stats/series.
func (h *handler) ListSeries(_ context.Context, in ListSeriesRequestObject) (ListSeriesResponseObject, error) {
	window, metrics := live.Hour, live.Metrics()
	if in.Params.Window != nil {
		window = live.Window(*in.Params.Window)
	}
	if in.Params.Metrics != nil {
		metrics = each(*in.Params.Metrics, func(m Metric) live.Metric { return live.Metric(m) })
	}
	s := h.live.Series(window, metrics)
	return ListSeries200JSONResponse{
		From: s.From, To: s.To, StepSeconds: int(s.Step / time.Second),
		Series: each(metrics, func(m live.Metric) Series { return Series{Metric: Metric(m), Points: s.Points[m]} }),
	}, nil
}
