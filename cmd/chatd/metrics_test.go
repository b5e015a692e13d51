package main

import (
	"regexp"
	"strings"
	"testing"
)

func TestMetrics(t *testing.T) {
	i := start(t, t.TempDir())
	for range 2 { // the answer to the second comes after the announcement of the first
		i.do("POST", "/api/v1/rooms/general/messages", `{"text":"hi"}`)
	}
	i.get("/nothing/that/a/client/thought/up")

	_, got := i.get("/metrics")

	for _, want := range []string{
		`chatd_http_request_seconds_count{route="/api/v1/rooms/:room/messages",status="201"} 2`,
		`chatd_http_request_seconds_count{route="unknown",status="404"} 1`,
		"chatd_connections 0", "chatd_build_info", "process_resident_memory_bytes", "go_goroutines",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	for _, counter := range []string{"chatd_commits_total", "chatd_events_total"} {
		if !regexp.MustCompile(`(?m)^` + counter + ` [12]$`).MatchString(got) {
			t.Errorf("/metrics doesn't count %s", counter)
		}
	}
	if strings.Contains(got, "thought") {
		t.Error("/metrics has a client's words")
	}
	if n := len(regexp.MustCompile(`(?m)^chatd_`).FindAllString(got, -1)); n > 200 {
		t.Errorf("got %d series of chatd, want a bounded number", n)
	}
}
