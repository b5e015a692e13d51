package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"

	"github.com/chatd/chatd/chat"
)

// identity is one way to come to the API.
type identity struct {
	name  string
	known bool
	key   bool
	grant chat.Grant
	bring func(r *http.Request)
}

// far is a room that nothing of the matrix happens in.
const far = "elsewhere"

// TestMatrix asks every operation of the contract as ten identities, each time about something that is
// there, and computes from the contract's x-scope, the grant and the room what it has to answer.
func TestMatrix(t *testing.T) {
	m := newMatrix(t)
	for _, key := range m.keys {
		route := m.contract.routes[key]
		op := newOperation(route.Operation)
		for _, who := range m.identities(op) {
			t.Run(op.id+"/"+who.name, func(t *testing.T) { m.ask(t, route, op, who) })
		}
	}
}

// TestDryRunsChangeNothing tries everything that acts out.
func TestDryRunsChangeNothing(t *testing.T) {
	m := newMatrix(t)
	for _, key := range m.keys {
		route := m.contract.routes[key]
		op := newOperation(route.Operation)
		if !takesDryRun(route) {
			continue
		}
		t.Run(op.id, func(t *testing.T) {
			m.f.t = t
			path, body := m.request(route, op)
			before := m.f.lastAct()
			r := m.f.call(route.Method, path+"?dry_run=true", body)
			if r.status != http.StatusOK || !decode[ActResult](t, r).DryRun || r.header.Get("X-Act-Id") != "" {
				t.Errorf("%s %s: got %d %s, want 200 with what would happen, and no act", route.Method, path, r.status, r.body)
			}
			if after := m.f.lastAct(); after != before {
				t.Errorf("%s %s: there is a new act, %s", route.Method, path, after)
			}
		})
	}
}

func takesDryRun(route *routers.Route) bool {
	return route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, "dry_run") != nil
}

// lastAct is the id of the latest act.
func (f *fixture) lastAct() chat.ActID {
	f.t.Helper()
	acts, err := f.store.Acts(f.t.Context(), chat.ActQuery{Limit: 1})
	if err != nil {
		f.t.Fatal(err)
	}
	if len(acts) == 0 {
		return ""
	}
	return acts[0].ID
}

// matrix makes what the operations need.
type matrix struct {
	f        *fixture
	contract *contract
	keys     []string // method and path of each operation
	people   map[string]*person
	secrets  map[string]string // of keys, by name
	n        int
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	leaving := make(chan struct{})
	close(leaving) // streams end at once
	m := &matrix{people: make(map[string]*person), secrets: make(map[string]string)}
	m.f = newFixture(t, func(c *Config) { c.Leaving = leaving })
	m.f.runTasks()
	contract, err := readContract(m.f.openapi())
	if err != nil {
		t.Fatal(err)
	}
	m.contract = contract
	for key := range contract.routes {
		m.keys = append(m.keys, key)
	}
	slices.Sort(m.keys)

	m.f.addStaff("late", chat.Owner, nil)
	m.people["expired session"] = m.f.loggedIn("late")
	m.f.pass(8 * 24 * time.Hour) // longer than any session lasts
	for name, s := range map[string]struct {
		role  chat.StaffRole
		rooms []string
	}{
		"viewer": {role: chat.Viewer}, "moderator": {role: chat.StaffModerator}, "moderator-far": {chat.StaffModerator, []string{far}},
		"boss": {role: chat.Admin}, "owner": {role: chat.Owner},
	} {
		m.f.addStaff(name, s.role, s.rooms)
		m.people[name] = m.f.loggedIn(name)
	}
	for _, without := range chat.Scopes() {
		m.secrets["without "+string(without)] = m.addKey("", without)
	}
	m.secrets["bound"] = m.addKey(`,"rooms":["`+far+`"],"dry_run_only":true`, "")
	m.bringPeople()
	return m
}

// addKey makes a key with all scopes but one, and these bounds.
func (m *matrix) addKey(bounds string, without chat.Scope) string {
	var scopes []string
	for _, s := range chat.Scopes() {
		if s != without {
			scopes = append(scopes, string(s))
		}
	}
	return m.f.makeKey(`{"label":"matrix","scopes":["` + strings.Join(scopes, `","`) + `"]` + bounds + `}`).Secret
}

// bringPeople lets u:ann come once, with a connection that stays.
func (m *matrix) bringPeople() {
	m.f.t.Helper()
	ann, err := m.f.core.SignIn(m.f.t.Context(), chat.Actor{ID: "u:ann", Name: "Ann", Role: chat.RoleUser, Addr: addr("198.51.100.7"), Agent: "test"})
	if err != nil {
		m.f.t.Fatal(err)
	}
	if err := m.f.core.WriteSightings(m.f.t.Context()); err != nil {
		m.f.t.Fatal(err)
	}
	m.f.sessions.Bind(connected{{
		ID: "01936c00-0000-7000-8000-00000000c0de", Actor: ann, Rooms: []chat.RoomID{"lobby"}, Since: m.f.now(), Protocol: "v1", Addr: ann.Addr,
		Joined: map[chat.RoomID]time.Time{"lobby": m.f.now()},
	}})
	if _, err := m.f.core.Join(m.f.t.Context(), ann, "01936c00-0000-7000-8000-00000000c0de", "lobby", nil); err != nil {
		m.f.t.Fatal(err)
	}
}

// connected are connections that stay open whatever happens.
type connected []chat.LiveSession

func (c connected) List() []chat.LiveSession                                 { return slices.Clone(c) }
func (c connected) End(func(chat.LiveSession) bool, *chat.Error) (ended int) { return 0 }

// identities are the ten, as they are for one operation.
func (m *matrix) identities(op operation) []identity {
	cookie := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.AddCookie(m.people[name].cookie) }
	}
	bearer := func(secret string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret) }
	}
	all := chat.Scopes()
	without := slices.DeleteFunc(slices.Clone(all), func(s chat.Scope) bool { return s == op.scope })
	lacking := op.scope
	if lacking == "" {
		lacking = chat.KeysWrite
		without = slices.DeleteFunc(slices.Clone(all), func(s chat.Scope) bool { return s == lacking })
	}
	staff := func(name, account string, r chat.StaffRole, rooms []string) identity {
		return identity{name: name, known: true, grant: *chat.GrantOf(r, rooms), bring: cookie(account)}
	}
	return []identity{
		{name: "none", bring: func(*http.Request) {}},
		{name: "garbage", bring: bearer("chatd_" + strings.Repeat("x", 40))},
		{name: "expired session", bring: cookie("expired session")},
		staff("viewer", "viewer", chat.Viewer, nil),
		staff("moderator of another room", "moderator-far", chat.StaffModerator, []string{far}),
		staff("moderator", "moderator", chat.StaffModerator, nil),
		{name: "key without scope", known: true, key: true, grant: chat.Grant{Scopes: without}, bring: bearer(m.secrets["without "+string(lacking)])},
		{
			name: "key out of bounds", known: true, key: true,
			grant: chat.Grant{Scopes: all, Rooms: []string{far}, DryRunOnly: true}, bring: bearer(m.secrets["bound"]),
		},
		staff("admin", "boss", chat.Admin, nil),
		staff("owner", "owner", chat.Owner, nil),
	}
}

// ask makes the request, and holds the answer to what it has to be.
func (m *matrix) ask(t *testing.T, route *routers.Route, op operation, who identity) {
	m.f.t = t
	path, body := m.request(route, op)
	r := m.f.callWith(route.Method, path, body, func(r *http.Request) {
		r.Header.Set("X-Reason", "matrix")
		who.bring(r)
	})
	code := ""
	if r.status >= 400 {
		code = decode[Problem](t, r).Code
	}
	want := wanted(route, op, who)
	if !slices.Contains(want, answerOf(r.status, code)) {
		t.Errorf("%s %s %s as %s: got %d %s %s, want one of %v", route.Method, path, body, who.name, r.status, code, r.body, want)
	}
	if cookies := (&http.Response{Header: r.header}).Cookies(); len(cookies) > 0 && cookies[0].MaxAge >= 0 {
		m.keepCookie(op, who, cookies[0])
	}
	// Who logs in, or out, has no longer the session that they came with.
	if (op.public || op.id == "logOut") && m.people[accountOf(who)] != nil && who.known {
		m.people[accountOf(who)] = m.f.loggedIn(accountOf(who))
	}
}

// accountOf is whose session an identity brings.
func accountOf(who identity) string {
	switch who.name {
	case "moderator of another room":
		return "moderator-far"
	case "admin":
		return "boss"
	}
	return who.name
}

func (m *matrix) keepCookie(op operation, who identity, c *http.Cookie) {
	if p := m.people[accountOf(who)]; p != nil && who.known && !op.public {
		p.cookie = c
	}
}

// answerOf sums an answer up: "ok", or status and code.
func answerOf(status int, code string) string {
	if status < 300 {
		return "ok"
	}
	return fmt.Sprintf("%d %s", status, code)
}

// wanted computes what an operation has to answer to an identity.
func wanted(route *routers.Route, op operation, who identity) []string {
	switch {
	case op.public:
		return []string{"ok"}
	case who.name == "none":
		return []string{"401 credentials_missing"}
	case !who.known:
		return []string{"401 credentials_invalid", "401 session_expired", "401 session_invalid"}
	case op.scope != "" && !who.grant.Has(op.scope):
		return []string{"403 scope_missing"}
	}
	if special, ok := specials[op.id]; ok {
		if want := special(who); want != nil {
			return want
		}
	}
	acts := takesDryRun(route)
	covered := who.grant.Covers("lobby")
	switch inRoom := strings.Contains(route.Path, "{room}") || roomInBody[op.id]; {
	case inRoom && !covered:
		return []string{"403 bound_rooms"}
	case ofRoom(route.Path) && !covered:
		return notFound(route.Path)
	case acts && who.grant.DryRunOnly:
		return []string{"403 bound_dry_run", "403 key_protected", "403 staff_protected"}
	}
	return []string{"ok"}
}

// roomInBody are the operations whose body names the room, or all of them.
var roomInBody = map[string]bool{
	"createRoom": true, "lockDown": true, "purge": true, "makeSanction": true, "putSanction": true, "sendNotice": true, "revokeTokens": true,
}

// ofRoom reports whether a path names something that belongs to a room.
func ofRoom(path string) bool {
	return slices.ContainsFunc([]string{"{sanction}", "{lockdown}", "{held}", "{act}"}, func(p string) bool { return strings.Contains(path, p) })
}

func notFound(path string) []string {
	for _, what := range []string{"sanction", "lockdown", "held", "act"} {
		if strings.Contains(path, "{"+what+"}") {
			return []string{"404 " + what + "_not_found"}
		}
	}
	return nil
}

// specials are the operations about the caller, and those on lists, which say of each whether it was done. nil: as the others.
var specials = map[string]func(identity) []string{
	"listSessions": ownAccount, "revokeOtherSessions": ownAccount, "logOut": ownAccount, "changePassword": ownAccount,
	"startTOTP": ownAccount,
	"revokeSession": func(who identity) []string {
		if who.key {
			return ownAccount(who)
		}
		return []string{"404 session_not_found"}
	},
	"confirmTOTP": func(who identity) []string {
		if who.key {
			return ownAccount(who)
		}
		return []string{"422 code_wrong"}
	},
	"removeTOTP": noCodes, "newRecoveryCodes": noCodes,
	"showTask": ofRobot, "cancelTask": ofRobot,
	"liftSanctions": onList, "importSanctions": onList, "disconnect": func(who identity) []string {
		if !who.grant.Covers("lobby") {
			return []string{"ok"} // of nobody: nothing is done
		}
		return nil
	},
	"deleteNote": func(who identity) []string {
		if !who.grant.Everywhere() && !who.grant.DryRunOnly {
			return []string{"403 bound_rooms"} // it is somebody else's
		}
		return nil
	},
	"makeInvite": byKey, "acceptInvite": byKey,
	"makeKey": byKey,
}

func ownAccount(who identity) []string {
	if who.key {
		return []string{"403 not_staff"}
	}
	return []string{"ok"}
}

// noCodes: nobody of the matrix has one-time codes.
func noCodes(who identity) []string {
	if who.key {
		return ownAccount(who)
	}
	return []string{"409 totp_off"}
}

// ofRobot: a task is that of who began it; admins and owners see any.
func ofRobot(who identity) []string {
	if who.grant.Role == chat.Admin || who.grant.Role == chat.Owner {
		return []string{"ok"}
	}
	return []string{"404 task_not_found"}
}

// onList: what isn't the caller's fails by itself, and nothing is done.
func onList(who identity) []string {
	if !who.grant.Covers("lobby") {
		return []string{"ok"}
	}
	return nil
}

// byKey: nobody makes what is wider than themselves.
func byKey(who identity) []string {
	if who.grant.Rooms != nil {
		return []string{"403 bound_rooms", "403 bound_dry_run", "403 staff_protected"}
	}
	return nil
}

// request fills an operation's path and body with what is there.
func (m *matrix) request(route *routers.Route, op operation) (path, body string) {
	m.n++
	path = route.Path
	for strings.Contains(path, "{") {
		start := strings.Index(path, "{")
		end := strings.Index(path, "}")
		path = path[:start] + url.PathEscape(m.fresh(op.id, path[start+1:end])) + path[end+1:]
	}
	if op.id == "acceptInvite" {
		r := m.f.call("POST", "/invites", `{"role":"viewer"}`)
		wantStatus(m.f.t, r, http.StatusCreated)
		return path, fmt.Sprintf(`{"token":%q,"name":"guest-%d","password":"a long password"}`, decode[InviteSecret](m.f.t, r).Token, m.n)
	}
	if op.id == "logIn" {
		return path, `{"name":"viewer","password":"` + testPassword + `"}`
	}
	if op.id == "changePassword" {
		return path, `{"current":"` + testPassword + `","new":"` + testPassword + `2"}`
	}
	if route.Operation.RequestBody == nil {
		return path, ""
	}
	return path, m.body(route, op)
}
