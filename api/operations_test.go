package api

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/chatd/chatd/chat"
)

func TestRoomIsConfigured(t *testing.T) {
	f := newFixture(t)

	before := decode[Room](t, f.call("GET", "/rooms/lobby", ""))
	if before.Stored || before.Settings.MaxLength != chat.DefaultSettings().MaxLength {
		t.Errorf("got %+v for a room that nobody made, want defaults, not stored", before)
	}

	r := f.call("PATCH", "/rooms/lobby", `{"settings":{"title":"The lobby","slow_mode_seconds":5,"allowed_sites":["https://www.example.com"]}}`)
	if r.status != http.StatusOK {
		t.Fatalf("got %d %s", r.status, r.body)
	}
	after := decode[Room](t, f.call("GET", "/rooms/lobby", ""))
	s := after.Settings
	if !after.Stored || s.Title != "The lobby" || s.SlowModeSeconds != 5 || len(s.AllowedSites) != 1 || s.MaxLength != before.Settings.MaxLength {
		t.Errorf("got %+v", after)
	}
	if patched := decode[ActResult](t, r).Room; patched.Seq != after.Seq || patched.Settings.Title != "The lobby" {
		t.Errorf("the answer to the change is %+v, want the room as it is, %+v", patched, after)
	}
}

func TestRoomsInPages(t *testing.T) {
	f := newFixture(t)
	for i := range 5 {
		f.call("PATCH", fmt.Sprintf("/rooms/room-%d", i), `{"settings":{"topic":"x"}}`)
	}
	var got []string
	path := "/rooms?limit=2"
	for pages := 0; ; pages++ {
		if pages > 3 {
			t.Fatalf("no end after %v", got)
		}
		page := decode[RoomPage](t, f.call("GET", path, ""))
		for _, r := range page.Items {
			got = append(got, r.ID)
		}
		if page.Next == nil {
			break
		}
		path = "/rooms?limit=2&cursor=" + *page.Next
	}
	if want := "[room-0 room-1 room-2 room-3 room-4]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRoomsTellWhoIsThere(t *testing.T) {
	f := newFixture(t)
	f.call("PATCH", "/rooms/lobby", `{"settings":{"topic":"x"}}`)
	ann := chat.Actor{ID: "u:ann", Name: "Ann", Role: chat.RoleUser}
	if _, err := f.core.Join(t.Context(), ann, "session", "lobby", nil); err != nil {
		t.Fatal(err)
	}

	page := decode[RoomPage](t, f.call("GET", "/rooms", ""))
	if len(page.Items) != 1 || page.Items[0].Members != 1 {
		t.Errorf("got %+v, want one room with one member", page.Items)
	}
	if got := decode[Room](t, f.call("GET", "/rooms/lobby", "")).Members; got != 1 {
		t.Errorf("got %d members, want 1", got)
	}
}

func TestMessages(t *testing.T) {
	f := newFixture(t)
	var ids []string
	for i := range 5 {
		r := f.call("POST", "/rooms/lobby/messages", `{"text":"*number* `+strconv.Itoa(i)+`"}`)
		if r.status != http.StatusCreated {
			t.Fatalf("got %d %s", r.status, r.body)
		}
		m := decode[Message](t, r)
		if m.From.ID != "k:robot" || m.From.Name != "Robot" || m.From.Role != "staff" || m.HTML == nil {
			t.Errorf("got %+v, want it from the key, with HTML", m)
		}
		ids = append(ids, m.ID)
	}

	first := decode[MessagePage](t, f.call("GET", "/rooms/lobby/messages?limit=3", ""))
	if len(first.Items) != 3 || first.Items[0].ID != ids[4] || first.Next == nil {
		t.Fatalf("got %+v, want the three newest and a next page", first)
	}
	second := decode[MessagePage](t, f.call("GET", "/rooms/lobby/messages?limit=3&cursor="+*first.Next, ""))
	if len(second.Items) != 2 || second.Items[1].ID != ids[0] || second.Next != nil {
		t.Errorf("got %+v, want the two oldest and no next page", second)
	}

	if r := f.call("DELETE", "/rooms/lobby/messages/"+ids[0], ""); r.status != http.StatusOK {
		t.Errorf("got %d %s, want 200", r.status, r.body)
	}
	left := decode[MessagePage](t, f.call("GET", "/rooms/lobby/messages", ""))
	if len(left.Items) != 4 {
		t.Errorf("got %d messages after a deletion, want 4", len(left.Items))
	}
	wantProblem(t, f.call("GET", "/rooms/other/messages?cursor="+*first.Next, ""), 422, "cursor_invalid")
}

func TestPostOnceByNonce(t *testing.T) {
	f := newFixture(t)
	const draft = `{"text":"hi","nonce":"n-1"}`
	first := decode[Message](t, f.call("POST", "/rooms/lobby/messages", draft))
	again := decode[Message](t, f.call("POST", "/rooms/lobby/messages", draft))
	if first.ID != again.ID {
		t.Errorf("a repeated nonce made another message: %s, then %s", first.ID, again.ID)
	}
}

func TestReply(t *testing.T) {
	f := newFixture(t)
	m := decode[Message](t, f.call("POST", "/rooms/lobby/messages", `{"text":"Who is there?"}`))
	reply := decode[Message](t, f.call("POST", "/rooms/lobby/messages", `{"text":"I am","reply_to":"`+m.ID+`"}`))
	if reply.ReplyTo == nil || reply.ReplyTo.ID != m.ID || reply.ReplyTo.Excerpt != "Who is there?" {
		t.Errorf("got reply_to %+v, want the message %s", reply.ReplyTo, m.ID)
	}
}

func TestSanctions(t *testing.T) {
	f := newFixture(t)
	var ids []string
	for _, body := range []string{
		`{"target":{"user":"u:ann"},"scope":"lobby","effect":"mute","duration_seconds":600,"reason":"Calm down."}`,
		`{"target":{"user":"u:bob"},"effect":"ban","duration_seconds":null}`,
		`{"target":{"user":"u:eve"},"scope":null,"effect":"ban","duration_seconds":60}`,
	} {
		r := f.call("POST", "/sanctions", body)
		if r.status != http.StatusCreated {
			t.Fatalf("%s: got %d %s", body, r.status, r.body)
		}
		ids = append(ids, (*decode[ActResult](t, r).Sanctions)[0].ID)
	}
	first := decode[SanctionPage](t, f.call("GET", "/sanctions?limit=2", ""))
	if len(first.Items) != 2 || first.Items[0].ID != ids[2] || first.Next == nil {
		t.Fatalf("got %+v, want the two newest and a next page", first)
	}
	second := decode[SanctionPage](t, f.call("GET", "/sanctions?limit=2&cursor="+*first.Next, ""))
	if len(second.Items) != 1 || second.Next != nil {
		t.Fatalf("got %+v, want the oldest and no next page", second)
	}
	mute := second.Items[0]
	if *mute.Target.User != "u:ann" || mute.Scope == nil || *mute.Scope != "lobby" || mute.Reason != "Calm down." ||
		mute.ExpiresAt == nil || mute.ExpiresAt.Sub(mute.At).Seconds() != 600 || mute.By != "k:robot" {
		t.Errorf("got %+v", mute)
	}
	if ban := first.Items[1]; ban.Scope != nil || ban.ExpiresAt != nil {
		t.Errorf("got %+v, want a ban everywhere and for ever", ban)
	}

	if r := f.call("DELETE", "/sanctions/"+mute.ID, ""); r.status != http.StatusOK {
		t.Errorf("got %d %s, want 200", r.status, r.body)
	}
	wantProblem(t, f.call("DELETE", "/sanctions/"+mute.ID, ""), 404, "sanction_not_found")
}

// TestRefusals goes through everything that the API refuses, by status.
func TestRefusals(t *testing.T) {
	const absent = "01936c00-0000-7000-8000-000000000001"
	f := newFixture(t)
	tests := map[string]struct {
		method, path, body string
		status             int
		code               string
		field              string // that the problem names
	}{
		"not JSON":                   {"POST", "/rooms/lobby/messages", `{"text":`, 400, "body_malformed", ""},
		"something after the JSON":   {"POST", "/rooms/lobby/messages", `{"text":"hi"} {}`, 400, "body_malformed", ""},
		"no such message":            {"DELETE", "/rooms/lobby/messages/" + absent, "", 404, "message_not_found", ""},
		"no such sanction":           {"DELETE", "/sanctions/" + absent, "", 404, "sanction_not_found", ""},
		"no such address":            {"GET", "/nothing", "", 404, "address_unknown", ""},
		"no such method":             {"POST", "/rooms/lobby", "", 405, "method_not_allowed", ""},
		"a body over its bound":      {"POST", "/rooms/lobby/messages", `{"text":"` + string(make([]byte, maxBody)) + `"}`, 413, "body_too_large", ""},
		"an unknown field":           {"POST", "/rooms/lobby/messages", `{"text":"hi","txet":"hi"}`, 422, "request_invalid", "/"},
		"a field in another case":    {"POST", "/rooms/lobby/messages", `{"Text":"hi"}`, 422, "request_invalid", "/"},
		"a missing field":            {"POST", "/rooms/lobby/messages", `{}`, 422, "request_invalid", "/text"},
		"a field of another type":    {"PATCH", "/rooms/lobby", `{"settings":{"closed":"yes"}}`, 422, "request_invalid", "/settings/closed"},
		"a setting over its bound":   {"PATCH", "/rooms/lobby", `{"settings":{"history":201}}`, 422, "request_invalid", "/settings/history"},
		"settings that contradict":   {"PATCH", "/rooms/lobby", `{"settings":{"min_length":9,"max_length":8}}`, 422, "setting_invalid", ""},
		"a site that is none":        {"PATCH", "/rooms/lobby", `{"settings":{"allowed_sites":["https://a.example; script-src *"]}}`, 422, "setting_invalid", ""},
		"nothing to change":          {"PATCH", "/rooms/lobby", `{"settings":{}}`, 422, "request_invalid", "/settings"},
		"a room that is no name":     {"GET", "/rooms/Lobby", "", 422, "request_invalid", "room"},
		"a parameter that isn't one": {"GET", "/rooms?limits=3", "", 422, "request_invalid", "limits"},
		"a parameter twice":          {"GET", "/rooms?limit=3&limit=4", "", 422, "request_invalid", "limit"},
		"a limit over its bound":     {"GET", "/rooms?limit=201", "", 422, "request_invalid", "limit"},
		"a cursor that is none":      {"GET", "/rooms?cursor=zzz", "", 422, "cursor_invalid", ""},
		"an empty text":              {"POST", "/rooms/lobby/messages", `{"text":" "}`, 422, "text_empty", ""},
		"a prohibited text":          {"POST", "/rooms/lobby/messages", `{"text":"this is spam"}`, 422, "prohibited", ""},
		"a reply to nothing":         {"POST", "/rooms/lobby/messages", `{"text":"hi","reply_to":"` + absent + `"}`, 404, "reply_not_found", ""},
		"a sanction without an end":  {"POST", "/sanctions", `{"target":{"user":"u:ann"},"effect":"ban"}`, 422, "request_invalid", "/duration_seconds"},
		"a sanction of staff":        {"POST", "/sanctions", `{"target":{"user":"s:admin"},"effect":"ban","duration_seconds":1}`, 422, "target_protected", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := wantProblem(t, f.call(tt.method, tt.path, tt.body), tt.status, tt.code)
			if tt.field == "" {
				return
			}
			if p.Errors == nil || (*p.Errors)[0].Field != tt.field || (*p.Errors)[0].Message == "" {
				t.Errorf("got errors %+v, want one that names %s", p.Errors, tt.field)
			}
		})
	}
}

func TestBodyMustBeCalledJSON(t *testing.T) {
	f := newFixture(t)
	for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json;;"} {
		r := f.callWith("POST", "/rooms/lobby/messages", `{"text":"hi"}`, func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+testKey)
			r.Header.Set("Content-Type", media)
		})
		wantProblem(t, r, 415, "not_json")
	}
}
