package brokertest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
)

var presenceCases = map[string]func(*testing.T, Broker){
	"counts two sessions of a user as one member": testSessions,
	"tells a new name":                            testRename,
	"refuses a user beyond the limit":             testLimit,
	"takes a second leave":                        testLeaveTwice,
	"takes a second enter":                        testEnterTwice,
	"moves a session to another user":             testOtherUser,
	"numbers what happens":                        testVersions,
	"lists members by name":                       testMembers,
	"lists occupied rooms":                        testOccupied,
	"counts right when many come and go":          testManyComeAndGo,
	"holds the limit when many come at once":      testLimitRace,
}

var (
	ann = chat.Member{ID: "u:ann", Name: "Ann", Role: chat.RoleUser}
	bob = chat.Member{ID: "u:bob", Name: "Bob", Role: chat.RoleGuest}
)

func enter(t *testing.T, b Broker, room chat.RoomID, s chat.SessionID, m chat.Member, wantChanged bool) chat.Attendance {
	t.Helper()
	a, err := b.Enter(t.Context(), room, s, m, 0)
	if err != nil || a.Changed != wantChanged || a.Member != m {
		t.Fatalf("Enter(%s as %s) got %+v, %v; want changed %t", s, m.Name, a, err, wantChanged)
	}
	return a
}

func leave(t *testing.T, b Broker, room chat.RoomID, s chat.SessionID, want chat.Member, wantLast bool) chat.Attendance {
	t.Helper()
	a, err := b.Leave(t.Context(), room, s)
	if err != nil || a.Member != want || a.Changed != wantLast {
		t.Fatalf("Leave(%s) got %+v, %v; want %+v, gone %t", s, a, err, want, wantLast)
	}
	return a
}

func wantMembers(t *testing.T, b Broker, room chat.RoomID, limit, wantCount int, want ...chat.Member) {
	t.Helper()
	got, count, err := b.Members(t.Context(), room, limit)
	if err != nil || count != wantCount {
		t.Fatalf("Members(%s) counted %d, %v; want %d", room, count, err, wantCount)
	}
	if d := cmp.Diff(want, append([]chat.Member(nil), got...)); d != "" {
		t.Fatalf("Members(%s) -want +got:\n%s", room, d)
	}
}

func testSessions(t *testing.T, b Broker) {
	enter(t, b, "r", "s1", ann, true)
	enter(t, b, "r", "s2", ann, false)
	enter(t, b, "r", "s3", bob, true)
	enter(t, b, "other", "s1", ann, true) // one session may be in several rooms
	wantMembers(t, b, "r", 10, 2, ann, bob)
	leave(t, b, "r", "s1", ann, false)
	wantMembers(t, b, "r", 10, 2, ann, bob)
	leave(t, b, "r", "s2", ann, true)
	wantMembers(t, b, "r", 10, 1, bob)
	wantMembers(t, b, "other", 10, 1, ann)
	enter(t, b, "r", "s4", ann, true)
}

func testVersions(t *testing.T, b Broker) {
	var last int64
	later := func(a chat.Attendance, wantCount int) {
		t.Helper()
		if a.Version <= last || a.Count != wantCount {
			t.Errorf("got version %d after %d and count %d, want a larger one and %d", a.Version, last, a.Count, wantCount)
		}
		last = a.Version
	}
	later(enter(t, b, "r", "s1", ann, true), 1)
	later(enter(t, b, "r", "s2", bob, true), 2)
	later(leave(t, b, "r", "s1", ann, true), 1)
	later(leave(t, b, "r", "s2", bob, true), 0)
	later(enter(t, b, "r", "s1", ann, true), 1) // also after the room was empty
}

func testRename(t *testing.T, b Broker) {
	enter(t, b, "r", "s1", ann, true)
	enter(t, b, "r", "s2", bob, true)
	zoe := ann
	zoe.Name = "Zoe"
	enter(t, b, "r", "s3", zoe, true)
	enter(t, b, "r", "s1", zoe, false)
	wantMembers(t, b, "r", 10, 2, bob, zoe)
	mod := zoe
	mod.Role = chat.RoleModerator
	enter(t, b, "r", "s1", mod, true)
	wantMembers(t, b, "r", 10, 2, bob, mod)
	leave(t, b, "r", "s1", mod, false)
	leave(t, b, "r", "s3", mod, true)
}

func testLimit(t *testing.T, b Broker) {
	ctx := t.Context()
	if _, err := b.Enter(ctx, "r", "s1", ann, 1); err != nil {
		t.Fatalf("the first of one: got %v, want to enter", err)
	}
	if _, err := b.Enter(ctx, "r", "s2", bob, 1); chat.CodeOf(err) != "room_full" {
		t.Fatalf("the second of one: got %v, want room_full", err)
	}
	wantMembers(t, b, "r", 10, 1, ann)
	leave(t, b, "r", "s2", chat.Member{}, false) // who was refused isn't in
	if _, err := b.Enter(ctx, "r", "s3", ann, 1); err != nil {
		t.Fatalf("a second session of a member: got %v, want to enter", err)
	}
	if _, err := b.Enter(ctx, "r", "s2", bob, 0); err != nil {
		t.Fatalf("without a limit: got %v, want to enter", err)
	}
}

func testLeaveTwice(t *testing.T, b Broker) {
	leave(t, b, "r", "s1", chat.Member{}, false)
	enter(t, b, "r", "s1", ann, true)
	leave(t, b, "r", "s1", ann, true)
	leave(t, b, "r", "s1", chat.Member{}, false)
	wantMembers(t, b, "r", 10, 0)
}

func testEnterTwice(t *testing.T, b Broker) {
	if a := enter(t, b, "r", "s1", ann, true); !a.New {
		t.Error("a session that enters isn't new")
	}
	if a := enter(t, b, "r", "s1", ann, false); a.New {
		t.Error("a session that is there already is new")
	}
	leave(t, b, "r", "s1", ann, true)
}

func testOtherUser(t *testing.T, b Broker) {
	enter(t, b, "r", "s1", ann, true)
	enter(t, b, "r", "s1", bob, true)
	wantMembers(t, b, "r", 10, 1, bob)
	leave(t, b, "r", "s1", bob, true)
	wantMembers(t, b, "r", 10, 0)
}

func testMembers(t *testing.T, b Broker) {
	members := []chat.Member{}
	for _, i := range []int{3, 1, 4, 0, 2} {
		m := chat.Member{ID: chat.UserID(fmt.Sprintf("u:%d", 9-i)), Name: fmt.Sprintf("N%d", i), Role: chat.RoleUser}
		members = append(members, m)
		enter(t, b, "r", chat.SessionID(m.Name), m, true)
	}
	twin := chat.Member{ID: "u:00", Name: "N1", Role: chat.RoleUser}
	enter(t, b, "r", "twin", twin, true)
	wantMembers(t, b, "r", 3, 6, members[3], twin, members[1])
	wantMembers(t, b, "r", 0, 6)
	wantMembers(t, b, "empty", 10, 0)
}

func testOccupied(t *testing.T, b Broker) {
	enter(t, b, "one", "s1", ann, true)
	enter(t, b, "one", "s2", ann, false)
	enter(t, b, "two", "s3", ann, true)
	enter(t, b, "two", "s4", bob, true)
	enter(t, b, "left", "s5", bob, true)
	leave(t, b, "left", "s5", bob, true)
	got, err := b.Occupied(t.Context())
	if d := cmp.Diff(map[chat.RoomID]int{"one": 1, "two": 2}, got); err != nil || d != "" {
		t.Errorf("Occupied: %v, -want +got:\n%s", err, d)
	}
}

func testManyComeAndGo(t *testing.T, b Broker) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			m := chat.Member{ID: chat.UserID(fmt.Sprintf("u:%d", i%4)), Name: fmt.Sprintf("N%d", i%4), Role: chat.RoleUser}
			for j := range 50 {
				s := chat.SessionID(fmt.Sprintf("s%d-%d", i, j))
				if _, err := b.Enter(t.Context(), "r", s, m, 0); err != nil {
					t.Errorf("Enter: %v", err)
				}
				if got, err := b.Leave(t.Context(), "r", s); err != nil || got.Member != m {
					t.Errorf("Leave got %+v, %v; want %+v", got, err, m)
				}
			}
		})
	}
	all.Wait()
	wantMembers(t, b, "r", 10, 0)
	if got, err := b.Occupied(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("Occupied got %v, %v; want nothing", got, err)
	}
}

func testLimitRace(t *testing.T, b Broker) {
	const limit = 5
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			m := chat.Member{ID: chat.UserID(fmt.Sprintf("u:%d", i)), Name: "N", Role: chat.RoleUser}
			_, err := b.Enter(t.Context(), "r", chat.SessionID(m.ID), m, limit)
			if err != nil && chat.CodeOf(err) != "room_full" {
				t.Errorf("Enter: %v", err)
			}
		})
	}
	all.Wait()
	if _, n, err := b.Members(t.Context(), "r", 0); err != nil || n != limit {
		t.Errorf("got %d members, %v; want %d", n, err, limit)
	}
}
