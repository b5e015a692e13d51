package api

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// TestStaffIsChangedByWhoMay walks who asks, what, and what comes of it.
func TestStaffIsChangedByWhoMay(t *testing.T) {
	tests := map[string]struct {
		by, method, path, body string
		status                 int
		code                   string
	}{
		"an admin makes an admin of one":             {"ada", "PATCH", "/staff/mia", `{"role":"admin"}`, 200, ""},
		"an admin makes an owner of one":             {"ada", "PATCH", "/staff/mia", `{"role":"owner"}`, 403, "staff_protected"},
		"an admin changes an owner":                  {"ada", "PATCH", "/staff/olga", `{"role":"viewer"}`, 403, "staff_protected"},
		"an admin removes an owner":                  {"ada", "DELETE", "/staff/olga", "", 403, "staff_protected"},
		"an admin gives an owner another password":   {"ada", "POST", "/staff/olga/password", "", 403, "staff_protected"},
		"an admin ends an owner's sessions":          {"ada", "DELETE", "/staff/olga/sessions", "", 403, "staff_protected"},
		"an admin turns an owner's codes off":        {"ada", "DELETE", "/staff/olga/totp", "", 403, "staff_protected"},
		"an admin invites an owner":                  {"ada", "POST", "/invites", `{"role":"owner"}`, 403, "staff_protected"},
		"an owner removes an owner":                  {"admin", "DELETE", "/staff/olga", "", 200, ""},
		"an owner makes an owner":                    {"admin", "PATCH", "/staff/mia", `{"role":"owner"}`, 200, ""},
		"a moderator changes staff":                  {"mia", "PATCH", "/staff/vic", `{"role":"moderator"}`, 403, "scope_missing"},
		"a moderator looks":                          {"mia", "GET", "/staff", "", 403, "scope_missing"},
		"a viewer makes a key":                       {"vic", "POST", "/keys", `{"label":"x","scopes":["rooms:read"]}`, 403, "scope_missing"},
		"an admin of some rooms lets one everywhere": {"eda", "PATCH", "/staff/mia", `{"rooms":["event-1"]}`, 403, "staff_protected"},
		"an admin of some rooms invites there":       {"eda", "POST", "/invites", `{"role":"moderator","rooms":["event-1*"]}`, 201, ""},
		"an admin of some rooms invites elsewhere":   {"eda", "POST", "/invites", `{"role":"moderator","rooms":["lobby"]}`, 403, "bound_rooms"},
		"an admin of some rooms invites everywhere":  {"eda", "POST", "/invites", `{"role":"viewer"}`, 403, "bound_rooms"},
		"a glob that is none":                        {"admin", "PATCH", "/staff/mia", `{"rooms":["[a-"]}`, 422, "rooms_invalid"},
		"nobody there":                               {"admin", "PATCH", "/staff/nobody", `{"role":"viewer"}`, 404, "staff_not_found"},
		"no such role":                               {"admin", "PATCH", "/staff/mia", `{"role":"god"}`, 422, "request_invalid"},
	}
	f := newFixture(t)
	f.addStaff("olga", chat.Owner, nil)
	f.addStaff("ada", chat.Admin, nil)
	f.addStaff("eda", chat.Admin, []string{"event-*"})
	f.addStaff("mia", chat.StaffModerator, nil)
	f.addStaff("vic", chat.Viewer, nil)
	as := map[string]*person{}
	for _, name := range []string{"admin", "ada", "eda", "mia", "vic"} {
		as[name] = f.loggedIn(name)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := tt.path
			if tt.method != "GET" { // what it would come to
				path += "?dry_run=true"
			}
			r := as[tt.by].call(tt.method, path, tt.body)
			if tt.code != "" {
				wantProblem(t, r, tt.status, tt.code)
				return
			}
			wantStatus(t, r, 200)
			if res := decode[ActResult](t, r); !res.DryRun || res.Act != nil || r.header.Get("X-Act-Id") != "" {
				t.Errorf("got %s, want a dry run", r.body)
			}
		})
	}
}

func TestLastOwnerStays(t *testing.T) {
	f := newFixture(t)
	p := f.loggedIn("admin")
	for _, body := range []string{`{"role":"admin"}`, `{"disabled":true}`} {
		wantProblem(t, p.call("PATCH", "/staff/admin", body), 409, "last_owner")
	}
	wantProblem(t, p.call("DELETE", "/staff/admin", ""), 409, "last_owner")
}

func TestStaffETags(t *testing.T) {
	f := newFixture(t)
	f.addStaff("mia", chat.StaffModerator, nil)
	p := f.loggedIn("admin")
	tag := p.call("GET", "/staff/mia", "").header.Get("ETag")
	r := p.call("PATCH", "/staff/mia", `{"rooms":["lobby"]}`, "If-Match: "+tag, "X-Reason: Only%20there")
	wantStatus(t, r, 200)
	res := decode[ActResult](t, r)
	if res.Staff == nil || res.Staff.Version != 2 || res.Act.Reason != "Only there" || res.Act.Kind != string(chat.ActChangeStaff) ||
		r.header.Get("X-Act-Id") != res.Act.ID || r.header.Get("ETag") != `"2"` {
		t.Errorf("got %s with %v", r.body, r.header)
	}
	wantProblem(t, p.call("PATCH", "/staff/mia", `{"rooms":null}`, "If-Match: "+tag), 412, "stale")
	wantProblem(t, p.call("DELETE", "/staff/mia", "", "If-Match: "+tag), 412, "stale")
	wantProblem(t, p.call("DELETE", "/staff/mia", "", `If-Match: "x"`), 412, "stale")
	wantStatus(t, p.call("PATCH", "/staff/mia", `{"rooms":null}`, "If-Match: *"), 200)
	if a := decode[Staff](t, p.call("GET", "/staff/mia", "")); a.Rooms != nil || a.Version != 3 {
		t.Errorf("got %+v, want all rooms", a)
	}
	wantProblem(t, p.call("PATCH", "/staff/mia", `{"rooms":null}`, "X-Reason: %zz"), 422, "reason_invalid")
	wantProblem(t, p.call("PATCH", "/staff/mia", `{"rooms":null}`, "X-Reason: %ff"), 422, "reason_invalid")
}

func TestInvitation(t *testing.T) {
	f := newFixture(t)
	p := f.loggedIn("admin")
	invite := func(body string) InviteSecret {
		t.Helper()
		r := p.call("POST", "/invites", body)
		wantStatus(t, r, 201)
		return decode[InviteSecret](t, r)
	}
	accept := func(token, name string) (*person, reply) {
		q := f.person()
		return q, q.call("POST", "/invites/accept", asJSON(t, map[string]string{"token": token, "name": name, "password": "a password of mine"}))
	}
	one := invite(`{"role":"moderator","rooms":["lobby"],"expires_seconds":3600}`)
	if list := decode[InvitePage](t, p.call("GET", "/invites", "")); len(list.Items) != 1 || list.Items[0].ID != one.Invite.ID {
		t.Errorf("got %+v, want the invitation", list)
	}
	_, r := accept(one.Token, "admin")
	wantProblem(t, r, 409, "staff_exists")
	mia, r := accept(one.Token, "mia")
	wantStatus(t, r, 201)
	if me := decode[Me](t, mia.call("GET", "/me", "")); me.ID != "s:mia" || fmt.Sprint(*me.Rooms) != "[lobby]" || me.MustChangePassword {
		t.Errorf("got %+v", me)
	}
	_, r = accept(one.Token, "mia2") // used
	wantProblem(t, r, 404, "invite_not_found")
	_, r = accept("made up", "mia2")
	wantProblem(t, r, 404, "invite_not_found")

	late := invite(`{"role":"viewer","expires_seconds":3600}`)
	f.pass(time.Hour)
	_, r = accept(late.Token, "late")
	wantProblem(t, r, 404, "invite_not_found")

	p = f.loggedIn("admin")
	taken := invite(`{"role":"viewer"}`)
	wantStatus(t, p.call("DELETE", "/invites/"+taken.Invite.ID, ""), 200)
	_, r = accept(taken.Token, "taken")
	wantProblem(t, r, 404, "invite_not_found")
	wantProblem(t, p.call("DELETE", "/invites/"+taken.Invite.ID, ""), 404, "invite_not_found")
}

// TestInvitationEndsWithWhoInvited has an admin leave a way in before being shut out.
func TestInvitationEndsWithWhoInvited(t *testing.T) {
	f := newFixture(t)
	f.addStaff("ada", chat.Admin, nil)
	r := f.loggedIn("ada").call("POST", "/invites", `{"role":"admin"}`)
	wantStatus(t, r, 201)
	wantStatus(t, f.loggedIn("admin").call("PATCH", "/staff/ada", `{"role":"viewer"}`), 200)
	body := asJSON(t, map[string]string{"token": decode[InviteSecret](t, r).Token, "name": "ada2", "password": "a password of mine"})
	wantProblem(t, f.person().call("POST", "/invites/accept", body), http.StatusNotFound, "invite_not_found")
}
