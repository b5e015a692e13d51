package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/routers"

	"github.com/chatd/chatd/chat"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// body is what an operation is asked with: what is written here, or the contract's example, about what is there.
func (m *matrix) body(route *routers.Route, op operation) string {
	m.f.t.Helper()
	text, ok := map[string]string{
		"createRoom":       fmt.Sprintf(`{"id":"room-%d","settings":{"topic":"x"}}`, m.n),
		"postMessage":      `{"text":"hello"}`,
		"deleteMessages":   `{"ids":["{message}"]}`,
		"restoreMessages":  `{"ids":["{message}"]}`,
		"liftSanctions":    `{"ids":["{sanction}"]}`,
		"purge":            `{"users":["u:ann"],"scope":"lobby"}`,
		"makeSanction":     `{"target":{"user":"u:bob"},"scope":"lobby","effect":"mute","duration_seconds":60}`,
		"putSanction":      `{"target":{"user":"u:ann"},"scope":"lobby","effect":"mute","duration_seconds":60}`,
		"changeSanction":   `{"note":"x"}`,
		"revokeTokens":     `{"before":"2020-01-01T00:00:00Z"}`,
		"undoActs":         `{"by":"s:nobody","since":"2020-01-01T00:00:00Z"}`,
		"makeKey":          `{"label":"made","scopes":["rooms:read"]}`,
		"makeInvite":       `{"role":"viewer"}`,
		"changeStaff":      `{"disabled":true}`,
		"changeKey":        `{"label":"changed"}`,
		"rotateKey":        `{}`,
		"startTOTP":        `{"password":"` + testPassword + `"}`,
		"newRecoveryCodes": `{"password":"` + testPassword + `"}`,
		"removeTOTP":       `{"password":"` + testPassword + `","code":"123456"}`,
	}[op.id]
	if !ok {
		content := route.Operation.RequestBody.Value.Content.Get("application/json")
		example, err := json.Marshal(content.Example)
		if err != nil || content.Example == nil {
			m.f.t.Fatalf("%s has no example of a body (%v)", op.id, err)
		}
		text = string(example)
	}
	for _, name := range []string{"message", "sanction"} {
		if strings.Contains(text, "{"+name+"}") {
			text = strings.ReplaceAll(text, "{"+name+"}", m.fresh(op.id, name))
		}
	}
	return text
}

// fresh makes something that a path parameter can name, and returns its id.
func (m *matrix) fresh(op, name string) string {
	m.f.t.Helper()
	switch name {
	case "room":
		return m.room()
	case "user":
		return "u:ann"
	case "session":
		return "none"
	case "name":
		account := fmt.Sprintf("staff-%d", m.n)
		m.f.addStaff(account, chat.Viewer, nil)
		return account
	case "held":
		return m.held()
	}
	made := map[string]struct{ path, body string }{
		"message":  {"/rooms/lobby/messages", `{"text":"hello"}`},
		"sanction": {"/sanctions", `{"target":{"user":"u:ann"},"scope":"lobby","effect":"mute","duration_seconds":60}`},
		"lockdown": {"/lockdowns", `{"room":"lobby","level":"slow","seconds":1,"for_seconds":60}`},
		"note":     {"/users/u:ann/notes", `{"text":"x"}`},
		"act":      {"/lockdowns", `{"room":"lobby","level":"slow","seconds":1,"for_seconds":60}`},
		"task":     {"/acts/undo", `{"by":"s:nobody","since":"2020-01-01T00:00:00Z"}`},
		"invite":   {"/invites", `{"role":"viewer"}`},
		"key":      {"/keys", `{"label":"x","scopes":["rooms:read"]}`},
	}[name]
	r := m.f.call("POST", made.path, made.body)
	if r.status >= 300 {
		m.f.t.Fatalf("POST %s: %d %s", made.path, r.status, r.body)
	}
	return idIn(m.f.t, name, r)
}

// idIn finds the id of what was made.
func idIn(t *testing.T, name string, r reply) string {
	t.Helper()
	switch name {
	case "act":
		return r.header.Get("X-Act-Id")
	case "sanction":
		return (*decode[ActResult](t, r).Sanctions)[0].ID
	case "invite":
		return decode[InviteSecret](t, r).Invite.ID
	case "key":
		return decode[KeySecret](t, r).Key.ID
	}
	return decode[struct{ ID string }](t, r).ID
}

// room is lobby, as the operation needs it. What takes a room away gets it back before the next one asks.
func (m *matrix) room() string {
	m.f.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; { // a room that was removed is swept first
		r := m.f.call("PATCH", "/rooms/lobby", `{"settings":{"topic":"here"}}`)
		if r.status == http.StatusOK {
			break
		}
		if r.status != http.StatusNotFound || time.Now().After(deadline) {
			m.f.t.Fatalf("PATCH /rooms/lobby: %d %s", r.status, r.body)
		}
	}
	m.f.call("POST", "/rooms/lobby/unarchive", "")
	return "lobby"
}

// held is a message that waits in lobby.
func (m *matrix) held() string {
	m.f.t.Helper()
	who := chat.UserID(fmt.Sprintf("u:held-%d", m.n))
	wantStatus(m.f.t, m.f.call("POST", "/sanctions",
		`{"target":{"user":"`+string(who)+`"},"scope":"lobby","effect":"hold","duration_seconds":60}`), http.StatusCreated)
	c, err := m.f.core.Post(m.f.t.Context(), chat.Actor{ID: who, Name: string(who[2:]), Role: chat.RoleUser}, "lobby", chat.Draft{Text: "let me in"})
	if err != nil || c.Held == nil {
		m.f.t.Fatalf("got %+v, %v, want a held message", c, err)
	}
	return string(c.Held.Message.ID)
}

// runTasks does what requests begin, until the test ends.
func (f *fixture) runTasks() {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	server := f.server // serve puts another in its place
	go func() { ended <- server.Run(ctx) }()
	f.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			f.t.Errorf("run: %v", err)
		}
	})
}
