package api

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"testing"

	"github.com/chatd/chatd/chat"
)

func TestCursorsGoWithTheirList(t *testing.T) {
	f := newFixture(t)
	for i := range 5 {
		f.addStaff(fmt.Sprintf("s%d", i), chat.Viewer, nil)
		wantStatus(t, f.call("PATCH", fmt.Sprintf("/rooms/room-%d", i), `{"settings":{"topic":"x"}}`), 200)
	}
	first := decode[RoomPage](t, f.call("GET", "/rooms?limit=2&q=room&archived=false", ""))
	if first.Next == nil || len(first.Items) != 2 {
		t.Fatalf("got %+v, want a page of two and more", first)
	}
	cursor := "cursor=" + url.QueryEscape(*first.Next)
	changed := []byte(*first.Next)
	changed[len(changed)/2] ^= 1
	tests := map[string]struct {
		path string
		want int // rooms; 0: refused
	}{
		"the same filters":       {"/rooms?archived=false&q=room&limit=2&" + cursor, 2},
		"no filters":             {"/rooms?limit=2&" + cursor, 2},
		"another limit":          {"/rooms?q=room&archived=false&limit=200&" + cursor, 3},
		"other filters":          {"/rooms?q=other&archived=false&" + cursor, 0},
		"one filter less":        {"/rooms?q=room&" + cursor, 0},
		"one filter more":        {"/rooms?q=room&archived=false&occupied=true&" + cursor, 0},
		"another list":           {"/staff?" + cursor, 0},
		"changed":                {"/rooms?cursor=" + url.QueryEscape(string(changed)), 0},
		"made up":                {"/rooms?cursor=" + base64.RawURLEncoding.EncodeToString([]byte("/api/v1/rooms\n\nroom-1")), 0},
		"made up, with 16 bytes": {"/rooms?cursor=" + base64.RawURLEncoding.EncodeToString([]byte("0123456789abcdef/api/v1/rooms\n\nroom-1")), 0},
		"no cursor":              {"/rooms?cursor=%21", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := f.call("GET", tt.path, "")
			if tt.want == 0 {
				wantProblem(t, r, 422, "cursor_invalid")
				return
			}
			if page := decode[RoomPage](t, r); len(page.Items) != tt.want || page.Items[0].ID != "room-2" {
				t.Errorf("got %+v, want %d rooms from room-2 on", page, tt.want)
			}
		})
	}
}

func TestStaffInPages(t *testing.T) {
	f := newFixture(t)
	for i := range 4 {
		f.addStaff(fmt.Sprintf("s%d", i), chat.Viewer, nil)
	}
	var got []string
	path := "/staff?limit=2"
	for range 4 {
		page := decode[StaffPage](t, f.call("GET", path, ""))
		for _, a := range page.Items {
			got = append(got, a.Name)
		}
		if page.Next == nil {
			break
		}
		path = "/staff?limit=2&cursor=" + url.QueryEscape(*page.Next)
	}
	if fmt.Sprint(got) != "[admin s0 s1 s2 s3]" {
		t.Errorf("got %v, want each once", got)
	}
}
