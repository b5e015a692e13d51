package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// must makes a request with the key that has to be answered with this status.
func (f *fixture) must(status int, method, path, body string, headers ...string) reply {
	f.t.Helper()
	r := f.callAs(testKey, method, path, body, headers...)
	if r.status != status {
		f.t.Fatalf("%s %s %s: got %d %s, want %d", method, path, body, r.status, r.body, status)
	}
	return r
}

// says posts to a room as a user.
func (f *fixture) says(user chat.UserID, text string) chat.Committed {
	f.t.Helper()
	role := chat.RoleUser
	if user.Guest() {
		role = chat.RoleGuest
	}
	c, err := f.core.Post(f.t.Context(), chat.Actor{ID: user, Name: string(user[2:]), Role: role}, "lobby", chat.Draft{Text: text})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

func textsOf(r MessagePage) (all []string) {
	for _, m := range r.Items {
		all = append(all, m.Text)
	}
	return all
}

func TestStaffSeeWhatOthersDont(t *testing.T) {
	f := newFixture(t)
	f.says("u:ann", "one")
	gone := f.says("u:ann", "two").Event.Message.ID
	f.must(200, "DELETE", "/rooms/lobby/messages/"+string(gone), "", "X-Reason: not%20here")
	f.must(201, "POST", "/sanctions", `{"target":{"user":"u:eve"},"effect":"shadow","duration_seconds":60}`)
	f.says("u:eve", "three")
	f.must(201, "POST", "/sanctions", `{"target":{"user":"u:bob"},"effect":"hold","duration_seconds":60}`)
	held := f.says("u:bob", "four").Held.Message.ID

	for include, want := range map[string][]string{
		"": {"one"}, "?include=deleted": {"two", "one"}, "?include=shadow": {"three", "one"}, "?include=held": {"four", "one"},
		"?include=deleted,shadow,held": {"four", "three", "two", "one"},
	} {
		if got := textsOf(decode[MessagePage](t, f.must(200, "GET", "/rooms/lobby/messages"+include, ""))); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", include, got, want)
		}
	}
	for flag, want := range map[string]string{"deleted": "two", "shadow": "three", "held": "four"} {
		got := decode[MessagePage](t, f.must(200, "GET", "/messages?flag="+flag, ""))
		if !slices.Equal(textsOf(got), []string{want}) {
			t.Errorf("flag %s: got %q, want %s", flag, textsOf(got), want)
		}
	}
	if got := textsOf(decode[MessagePage](t, f.must(200, "GET", "/messages?flag=held&q=fo", ""))); !slices.Equal(got, []string{"four"}) {
		t.Errorf("got %q, want what waits and begins so", got)
	}
	detail := decode[MessageDetail](t, f.must(200, "GET", "/rooms/lobby/messages/"+string(gone), ""))
	if detail.Message.Deleted == nil || detail.Message.Text != "two" || len(detail.Hides) != 1 || detail.Hides[0].By != "k:robot" || detail.Hides[0].Own {
		t.Errorf("got %+v, want the text, and who deleted it", detail)
	}
	r := decode[ActResult](t, f.must(200, "POST", "/held/"+string(held)+"/release", ""))
	if r.Message == nil || r.Message.Text != "four" || r.Message.Seq == 0 {
		t.Errorf("got %+v, want the message as it was posted", r.Message)
	}
	wantProblem(t, f.call("POST", "/held/"+string(held)+"/refuse", ""), 409, "held_decided")
}

// TestPagesWithInclude turns pages of one message each through everything that staff see.
func TestPagesWithInclude(t *testing.T) {
	f := newFixture(t)
	f.must(201, "POST", "/sanctions", `{"target":{"user":"u:bob"},"effect":"hold","duration_seconds":60}`)
	var want []string
	for i := range 9 {
		user, text := chat.UserID("u:ann"), fmt.Sprint("message ", i)
		if i%3 == 0 {
			user = "u:bob"
		}
		c := f.says(user, text)
		if i%3 == 1 {
			f.must(200, "DELETE", "/rooms/lobby/messages/"+string(c.Event.Message.ID), "")
		}
		want = append([]string{text}, want...)
	}
	var got []string
	for path := "/rooms/lobby/messages?limit=2&include=deleted,held"; ; {
		page := decode[MessagePage](t, f.must(200, "GET", path, ""))
		got = append(got, textsOf(page)...)
		if page.Next == nil {
			break
		}
		path = "/rooms/lobby/messages?limit=2&cursor=" + *page.Next // the filters come with it
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPageAround(t *testing.T) {
	f := newFixture(t)
	var ids []string
	for i := range 7 {
		ids = append(ids, string(f.says("u:ann", fmt.Sprint("message ", i)).Event.Message.ID))
	}
	for _, include := range []string{"", "&include=deleted"} {
		page := decode[MessagePage](t, f.must(200, "GET", "/rooms/lobby/messages?limit=3&around="+ids[3]+include, ""))
		if !slices.ContainsFunc(page.Items, func(m Message) bool { return m.ID == ids[3] }) || page.Next == nil {
			t.Fatalf("%q: got %q, want a page with message 3, and a next one", include, textsOf(page))
		}
		older := decode[MessagePage](t, f.must(200, "GET", "/rooms/lobby/messages?limit=3&cursor="+*page.Next, ""))
		last := page.Items[len(page.Items)-1].Seq
		if len(older.Items) == 0 || older.Items[0].Seq >= last {
			t.Errorf("%q: got %q after %q, want older ones", include, textsOf(older), textsOf(page))
		}
	}
}

func TestListsOfMessages(t *testing.T) {
	const absent = "01936c00-0000-7000-8000-000000000001"
	f := newFixture(t)
	a, b := f.says("u:ann", "a").Event.Message.ID, f.says("u:ann", "b").Event.Message.ID
	body := fmt.Sprintf(`{"ids":[%q,%q,%q]}`, a, b, absent)
	r := decode[ActResult](t, f.must(200, "POST", "/rooms/lobby/messages/delete", body))
	if len(*r.Succeeded) != 2 || len(*r.Failed) != 1 || (*r.Failed)[0].ID != absent || (*r.Failed)[0].Code != "message_not_found" {
		t.Errorf("got %v and %v, want two that were deleted and one that isn't there", *r.Succeeded, *r.Failed)
	}
	only := decode[ActResult](t, f.must(200, "POST", "/rooms/lobby/messages/restore", `{"ids":["`+absent+`"]}`))
	if only.Act != nil || len(*only.Failed) != 1 {
		t.Errorf("got %+v, want no act: there was nothing to do it to", only)
	}
	f.must(200, "POST", "/rooms/lobby/messages/restore", body)
	if got := textsOf(decode[MessagePage](t, f.must(200, "GET", "/rooms/lobby/messages", ""))); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("got %q after it was restored", got)
	}
}

func TestRoomIsChangedByOneOfTwo(t *testing.T) {
	f := newFixture(t)
	f.must(201, "POST", "/rooms", `{"id":"news","template":"announcements","settings":{"title":"News"}}`)
	wantProblem(t, f.call("POST", "/rooms", `{"id":"news"}`), 409, "room_exists")
	r := f.must(200, "GET", "/rooms/news", "")
	tag := r.header.Get("ETag")
	if room := decode[Room](t, r); !room.Settings.ReadOnly || room.Settings.Title != "News" || tag == "" {
		t.Errorf("got %+v with ETag %q, want the template's settings and the title", room, tag)
	}
	first := f.must(200, "PATCH", "/rooms/news", `{"settings":{"topic":"one"}}`, "If-Match: "+tag)
	wantProblem(t, f.callAs(testKey, "PATCH", "/rooms/news", `{"settings":{"topic":"two"}}`, "If-Match: "+tag), 412, "stale")
	f.must(200, "PUT", "/rooms/news", `{"settings":{"topic":"three"}}`, "If-Match: "+first.header.Get("ETag"))
	room := decode[Room](t, f.must(200, "GET", "/rooms/news", ""))
	if room.Settings.Topic != "three" || room.Settings.Title != "" || room.Settings.ReadOnly {
		t.Errorf("got %+v, want what is absent to have its default", room.Settings)
	}
	f.must(201, "PUT", "/rooms/fresh", `{"settings":{"topic":"x"}}`)
	wantProblem(t, f.callAs(testKey, "DELETE", "/rooms/fresh", "", "If-Match: \"99\""), 412, "stale")
	f.must(200, "POST", "/rooms/fresh/archive", "")
	if page := decode[RoomPage](t, f.must(200, "GET", "/rooms?archived=true", "")); len(page.Items) != 1 || page.Items[0].ID != "fresh" {
		t.Errorf("got %+v, want the archived room", page.Items)
	}
	f.must(200, "DELETE", "/rooms/fresh", "")
	if page := decode[RoomPage](t, f.must(200, "GET", "/rooms?q=new", "")); len(page.Items) != 1 || page.Items[0].ID != "news" {
		t.Errorf("got %+v, want the room that is left", page.Items)
	}
}

func TestUndo(t *testing.T) {
	f := newFixture(t)
	f.says("u:ann", "a")
	act := f.must(200, "POST", "/rooms/lobby/clear", "", "X-Reason: raid").header.Get("X-Act-Id")
	a := decode[ActDetail](t, f.must(200, "GET", "/acts/"+act, ""))
	if a.Act.Kind != "room.clear" || a.Act.Reason != "raid" || a.Act.By != "k:robot" || a.Act.Via != ViaAPI || !a.Act.Undoable || len(a.Effects) == 0 {
		t.Errorf("got %+v", a)
	}
	preview := decode[ActResult](t, f.must(200, "POST", "/acts/"+act+"/undo?dry_run=true", ""))
	if !preview.DryRun || preview.Act != nil {
		t.Errorf("got %+v, want what would happen", preview)
	}
	f.must(200, "POST", "/acts/"+act+"/undo", "")
	wantProblem(t, f.call("POST", "/acts/"+act+"/undo", ""), 409, "already_undone")
	if got := textsOf(decode[MessagePage](t, f.must(200, "GET", "/rooms/lobby/messages", ""))); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %q after the undo", got)
	}
	undone := decode[ActPage](t, f.must(200, "GET", "/acts?undone=true", ""))
	if len(undone.Items) != 1 || undone.Items[0].ID != act || undone.Items[0].UndoneBy == nil || undone.Items[0].Undoable {
		t.Errorf("got %+v, want the act that was undone", undone.Items)
	}
}

func TestUndoOfAllAsATask(t *testing.T) {
	f := newFixture(t)
	f.runTasks()
	for range 3 {
		f.must(201, "POST", "/sanctions", `{"target":{"user":"u:ann"},"effect":"mute","duration_seconds":60}`)
	}
	f.must(200, "POST", "/notices", `{"text":"hi","all":true}`)
	body := `{"by":"k:robot","since":"2020-01-01T00:00:00Z"}`
	preview := decode[ActResult](t, f.must(200, "POST", "/acts/undo?dry_run=true", body))
	if len(preview.Skipped) != 1 || preview.Impact.Users != 1 {
		t.Errorf("got %+v, want one user, and the notice to be left", preview)
	}
	task := decode[Task](t, f.must(202, "POST", "/acts/undo", body))
	deadline := time.Now().Add(10 * time.Second)
	for task.State != TaskStateDone && time.Now().Before(deadline) {
		task = decode[Task](t, f.must(200, "GET", "/tasks/"+task.ID, ""))
	}
	if task.State != TaskStateDone || task.Done != 4 || len(task.Failures) != 1 || task.Failures[0].Code != "not_undoable" || len(task.Acts) != 3 {
		t.Errorf("got %+v, want three undone and the notice told", task)
	}
	if page := decode[SanctionPage](t, f.must(200, "GET", "/sanctions", "")); len(page.Items) != 0 {
		t.Errorf("got %+v, want no sanction to stand", page.Items)
	}
}

func TestExportIsTheWholeRecord(t *testing.T) {
	f := newFixture(t)
	for i := range exportChunk + 20 {
		f.must(200, "PATCH", "/rooms/lobby", fmt.Sprintf(`{"settings":{"topic":"%d"}}`, i))
	}
	var got []string
	lines := json.NewDecoder(bytes.NewReader(f.must(200, "GET", "/acts/export?by=k:robot", "").body))
	for lines.More() {
		var a ActDetail
		if err := lines.Decode(&a); err != nil {
			t.Fatal(err)
		}
		got = append(got, a.Act.ID)
	}
	var want []string
	for path := "/acts?limit=150&by=k:robot"; ; {
		page := decode[ActPage](t, f.must(200, "GET", path, ""))
		for _, a := range page.Items {
			want = append(want, a.ID)
		}
		if page.Next == nil {
			break
		}
		path = "/acts?limit=150&cursor=" + *page.Next
	}
	if len(got) < exportChunk+20 || !slices.Equal(got, want) {
		t.Errorf("got %d acts, want the %d that the list has, in its order", len(got), len(want))
	}
}

func TestAddressesAreForWhoMayReadThem(t *testing.T) {
	f := newFixture(t)
	f.addStaff("mia", chat.StaffModerator, nil)
	mia := f.loggedIn("mia")
	f.must(201, "POST", "/sanctions", `{"target":{"address":"198.51.100.7"},"effect":"mute","duration_seconds":60}`)
	f.must(201, "POST", "/sanctions", `{"target":{"address":"198.51.100.0/24","only":"guests"},"effect":"mute","duration_seconds":60}`)
	page := decode[SanctionPage](t, f.must(200, "GET", "/sanctions?address=198.51.100.7", ""))
	if len(page.Items) != 2 || page.Items[1].Target.Address == nil || *page.Items[1].Target.Address != "198.51.100.7/32" {
		t.Errorf("got %+v, want both, with their addresses", page.Items)
	}
	seen := decode[SanctionPage](t, mia.call("GET", "/sanctions", ""))
	if one := seen.Items[1].Target; one.Address != nil || one.AddressHash == nil || !strings.HasPrefix(*one.AddressHash, aliasStart) {
		t.Errorf("got %+v, want the alias alone", one)
	}
	if strings.Contains(string(mia.call("GET", "/sanctions", "").body), "198.51.100") {
		t.Error("a moderator sees an address")
	}
	wantProblem(t, mia.call("GET", "/sanctions?address=198.51.100.7", ""), 403, "scope_missing")
	wantProblem(t, mia.call("POST", "/sanctions", `{"target":{"address":"198.51.100.9"},"effect":"mute","duration_seconds":60}`), 403, "scope_missing")
	for _, far := range []string{"127.0.0.1", "10.0.0.0/8"} {
		body := `{"target":{"address":"` + far + `"},"effect":"ban","duration_seconds":60}`
		wantProblem(t, f.call("POST", "/sanctions", body), 422, "target_protected")
		forced := strings.Replace(body, "{", `{"force":true,`, 1)
		f.must(http.StatusCreated, "POST", "/sanctions", forced, "X-Reason: a%20test")
	}
}

func TestSanctionIsChangedAndLifted(t *testing.T) {
	f := newFixture(t)
	const id = "01936c00-0000-7000-8000-00000000abcd"
	draft := `{"target":{"user":"u:ann"},"effect":"mute","duration_seconds":600,"reason":"x"}`
	tag := f.must(201, "PUT", "/sanctions/"+id, draft).header.Get("ETag")
	wantProblem(t, f.callAs(testKey, "PUT", "/sanctions/"+id, draft, `If-Match: "9"`), 412, "stale")
	f.must(200, "PUT", "/sanctions/"+id, draft, "If-Match: "+tag)
	f.must(200, "PATCH", "/sanctions/"+id, `{"expires_at":null,"note":"Again."}`)
	x := decode[Sanction](t, f.must(200, "GET", "/sanctions/"+id, ""))
	if x.ExpiresAt != nil || x.Note != "Again." || x.Reason != "x" || !x.Standing {
		t.Errorf("got %+v, want it for good, with a note", x)
	}
	wantProblem(t, f.callAs(testKey, "PATCH", "/sanctions/"+id, `{"note":"y"}`, "If-Match: "+tag), 412, "stale")
	r := decode[ActResult](t, f.must(200, "POST", "/sanctions/lift", `{"ids":["`+id+`","01936c00-0000-7000-8000-000000000001"]}`))
	if !slices.Equal(*r.Succeeded, []string{id}) || len(*r.Failed) != 1 {
		t.Errorf("got %+v", r)
	}
	if all := decode[SanctionPage](t, f.must(200, "GET", "/sanctions?standing=false&user=u:ann", "")); len(all.Items) != 1 || all.Items[0].LiftedBy == nil {
		t.Errorf("got %+v, want the one that was lifted", all.Items)
	}
}

func TestImportIsDoneOnce(t *testing.T) {
	f := newFixture(t)
	body := `{"sanctions":[{"id":"01936c00-0000-7000-8000-0000000000f1","target":{"user":"u:a"},"effect":"ban","duration_seconds":null},
		{"target":{"address":"192.0.2.0/99"},"effect":"ban","duration_seconds":null}]}`
	wantProblem(t, f.call("POST", "/sanctions/import", body), 422, "request_invalid")
	body = strings.Replace(body, "/99", "/24", 1)
	first := decode[ActResult](t, f.must(200, "POST", "/sanctions/import", body))
	again := decode[ActResult](t, f.must(200, "POST", "/sanctions/import", body))
	if len(*first.Succeeded) != 2 || len(*again.Failed) != 1 || (*again.Failed)[0].Code != "sanction_exists" {
		t.Errorf("got %+v, then %+v", first, again)
	}
}

func TestARequestRepeatedActsOnce(t *testing.T) {
	f := newFixture(t)
	for path, body := range map[string]string{
		"/sanctions": `{"target":{"user":"u:ann"},"effect":"mute","duration_seconds":60}`, "/rooms": `{"id":"once"}`,
		"/lockdowns": `{"room":"lobby","level":"slow","seconds":5,"for_seconds":60}`, "/rooms/lobby/messages": `{"text":"once"}`,
		"/notices": `{"text":"hi","all":true}`,
	} {
		key := "Idempotency-Key: of" + strings.ReplaceAll(path, "/", "-")
		first := f.callAs(testKey, "POST", path, body, key)
		again := f.callAs(testKey, "POST", path, body, key)
		if first.status >= 300 || again.status != first.status || string(again.body) != string(first.body) ||
			again.header.Get("X-Act-Id") != first.header.Get("X-Act-Id") {
			t.Errorf("%s: got %d %s, then %d %s", path, first.status, first.body, again.status, again.body)
		}
		other := strings.Replace(body, `{"`, `{ "`, 1)
		other = strings.NewReplacer("once", "twice", "u:ann", "u:bob", "60", "61", `"hi"`, `"ho"`).Replace(other)
		wantProblem(t, f.callAs(testKey, "POST", path, other, key), 422, "idempotency_mismatch")
	}
}

func TestPeople(t *testing.T) {
	m := newMatrix(t)
	f := m.f
	f.must(201, "POST", "/users/u:ann/notes", `{"text":"Warned twice."}`)
	f.must(201, "POST", "/sanctions", `{"target":{"user":"u:ann"},"scope":"lobby","effect":"mute","duration_seconds":60}`)
	u := decode[UserDetail](t, f.must(200, "GET", "/users/u:ann", ""))
	if u.User.Connections != 1 || u.User.Sanctions != 1 || u.Notes != 1 || len(u.Sanctions) != 1 || !slices.Equal(u.Rooms, []string{"lobby"}) ||
		len(u.Addresses) != 1 || u.Addresses[0].Address == nil {
		t.Errorf("got %+v", u)
	}
	for _, filter := range []string{"", "&room=lobby&user=u:ann&protocol=v1", "&address=198.51.100.0/24", "&address=" + u.Addresses[0].Alias} {
		page := decode[ConnectionPage](t, f.must(200, "GET", "/connections?limit=5"+filter, ""))
		if len(page.Items) != 1 || page.Items[0].User != "u:ann" || page.Items[0].Address == nil {
			t.Errorf("%q: got %+v, want the connection", filter, page.Items)
		}
	}
	if page := decode[ConnectionPage](t, f.must(200, "GET", "/connections?room=elsewhere", "")); len(page.Items) != 0 {
		t.Errorf("got %+v, want nobody", page.Items)
	}
	notes := decode[NotePage](t, f.must(200, "GET", "/users/u:ann/notes", ""))
	f.must(200, "DELETE", "/users/u:ann/notes/"+notes.Items[0].ID, "", `If-Match: "1"`)
	members := decode[MemberPage](t, f.must(200, "GET", "/rooms/lobby/members", ""))
	if len(members.Items) != 1 || members.Items[0].Connections != 1 {
		t.Errorf("got %+v, want Ann with one connection", members.Items)
	}
	users := decode[UserPage](t, f.must(200, "GET", "/users?q=ann&guests=false", ""))
	if !slices.ContainsFunc(users.Items, func(u User) bool { return u.ID == "u:ann" }) {
		t.Errorf("got %+v, want Ann", users.Items)
	}
}

func TestSearchOfWhatWaitsStaysInOnesRooms(t *testing.T) {
	f := newFixture(t)
	f.addStaff("mia", chat.StaffModerator, []string{"elsewhere"})
	f.must(201, "POST", "/sanctions", `{"target":{"user":"u:bob"},"effect":"hold","duration_seconds":60}`)
	f.says("u:bob", "secret")
	mia := f.loggedIn("mia")
	if page := decode[MessagePage](t, mia.call("GET", "/messages?flag=held", "")); len(page.Items) != 0 {
		t.Errorf("got %q for a moderator of another room", textsOf(page))
	}
	wantProblem(t, mia.call("GET", "/messages?flag=held&room=lobby", ""), 403, "bound_rooms")
	wantProblem(t, mia.call("GET", "/rooms/lobby/messages?include=held", ""), 403, "bound_rooms")
}
