package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
)

// TestFailingPartStopsAll shows that nothing goes on without one of the parts, and in which order they stop.
func TestFailingPartStopsAll(t *testing.T) {
	var order []string
	wait := func(name string) part {
		return part{name, func(ctx context.Context) error {
			<-ctx.Done()
			order = append(order, name)
			return nil
		}}
	}
	failing := part{"failing", func(context.Context) error { return net.ErrClosed }}

	err := runParts(t.Context(), []part{wait("store"), wait("core"), failing, wait("http")}, time.Minute, discard)

	if err == nil || !strings.Contains(err.Error(), "failing: ") {
		t.Errorf("got %v, want the error of the part that failed", err)
	}
	if got := strings.Join(order, " "); got != "http core store" {
		t.Errorf("stopped in the order %q, want %q", got, "http core store")
	}
}

func TestStopIsBounded(t *testing.T) {
	release := make(chan struct{})
	ended := make(chan struct{})
	stuck := part{"stuck", func(context.Context) error {
		defer close(ended)
		<-release
		return nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	err := runParts(ctx, []part{stuck}, time.Millisecond, discard)

	if err == nil || !strings.Contains(err.Error(), "did not stop within") {
		t.Errorf("got %v, want an error about the bound", err)
	}
	close(release)
	<-ended
}
