package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/chatd/chatd/chat"
)

func testSanctions(t *testing.T, b Backend) {
	f := start(t, b)
	sanction := func(id string, room chat.RoomID, expires time.Time) chat.Sanction {
		return chat.Sanction{ID: chat.SanctionID(id), User: bob, Name: "Bob", Room: room, Effect: chat.Mute,
			Reason: "loud", By: mod, At: noon, Expires: expires}
	}
	short, long, lifted := sanction("1", "a", noon.Add(time.Minute)), sanction("2", "", time.Time{}), sanction("3", "a", noon.Add(time.Hour))
	for _, s := range []chat.Sanction{short, long, lifted} {
		if err := f.AddSanction(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	standing := func(at time.Time, want ...chat.Sanction) {
		t.Helper()
		got, err := f.Standing(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("standing at %v (-want +got):\n%s", at, diff)
		}
	}
	standing(noon, short, long, lifted)
	standing(noon.Add(time.Minute), long, lifted)
	got, err := f.LiftSanction(t.Context(), "3", mod, noon.Add(time.Second))
	if err != nil || !cmp.Equal(got, lifted) {
		t.Errorf("LiftSanction: got %+v, %v, want the sanction", got, err)
	}
	standing(noon, short, long)
	f.restart()
	standing(noon, short, long)
	for name, id := range map[string]chat.SanctionID{"lifted": "3", "unknown": "x", "expired": "1"} {
		_, err := f.LiftSanction(t.Context(), id, mod, noon.Add(2*time.Minute))
		wantCode(t, "lifting one that is "+name, err, "sanction_not_found")
	}
}

func testUsers(t *testing.T, b Backend) {
	f := start(t, b)
	see := func(id chat.UserID, name string, at time.Time) {
		t.Helper()
		if err := f.SeeUser(t.Context(), id, name, chat.Skeleton(name), at); err != nil {
			t.Fatal(err)
		}
	}
	find := func(name string, want chat.UserID) {
		t.Helper()
		got, ok, err := f.UserBySkeleton(t.Context(), chat.Skeleton(name))
		if err != nil || got != want || ok != (want != "") {
			t.Errorf("who is called %s: got %q, %v, %v, want %q", name, got, ok, err, want)
		}
	}
	see(ann, "Ann", noon)
	find("ann", ann)
	find("nobody", "")
	see(ann, "Anna", noon.Add(time.Second))
	find("ann", "")
	see("u:other", "Anna", noon.Add(time.Minute))
	find("anna", "u:other")

	mark := func(seq chat.Seq, want chat.Seq) {
		t.Helper()
		if err := f.MarkRead(t.Context(), "a", ann, seq, noon); err != nil {
			t.Fatal(err)
		}
		if got := f.snapshot("a").Read; got != want {
			t.Errorf("marked %d: got %d, want %d", seq, got, want)
		}
	}
	mark(5, 5)
	mark(3, 5)
	mark(9, 9)
	var wg sync.WaitGroup // many at once share a transaction
	for i := range 40 {
		wg.Go(func() {
			user := chat.UserID(fmt.Sprint("u:", i%4))
			if err := f.MarkRead(t.Context(), "a", user, chat.Seq(i), noon); err != nil {
				t.Errorf("MarkRead: %v", err)
			}
			if got := f.number(`SELECT count(*) FROM read_markers WHERE user_id = $1 AND seq >= $2`, string(user), i); got != 1 {
				t.Errorf("%s: MarkRead returned before it was stored", user)
			}
		})
	}
	wg.Wait()
	s, err := f.Snapshot(t.Context(), "a", chat.SnapshotQuery{Viewer: bob})
	if err != nil || s.Read != 0 {
		t.Errorf("another's marker: got %d, %v, want 0", s.Read, err)
	}
	if n, err := f.CountRooms(t.Context()); err != nil || n != 0 {
		t.Errorf("read markers stored %d rooms, %v", n, err)
	}
}

func testAccounts(t *testing.T, b Backend) {
	f := start(t, b)
	ctx := t.Context()
	counts := func(want int) {
		t.Helper()
		staff, err := f.CountStaff(ctx)
		keys, err2 := f.CountKeys(ctx)
		if staff != want || keys != want || errors.Join(err, err2) != nil {
			t.Errorf("got %d accounts and %d keys, %v, want %d of each", staff, keys, errors.Join(err, err2), want)
		}
	}
	counts(0)
	_, err := f.Staff(ctx, "admin")
	wantCode(t, "an account that isn't there", err, "staff_not_found")
	_, err = f.KeyByPrefix(ctx, "ck_1")
	wantCode(t, "a key that isn't there", err, "key_not_found")

	account := chat.StaffAccount{Name: "admin", Role: "admin", PasswordHash: "$argon2id$x", MustChange: true, CreatedAt: noon}
	key := chat.APIKey{ID: newID(), Prefix: "ck_1", Hash: []byte{0, 255, 1}, Label: "ci", CreatedAt: noon}
	if err := errors.Join(f.AddStaff(ctx, account), f.AddKey(ctx, key)); err != nil {
		t.Fatal(err)
	}
	counts(1)
	wantCode(t, "a second account of the name", f.AddStaff(ctx, account), "staff_exists")
	if got, err := f.Staff(ctx, "admin"); err != nil || !cmp.Equal(got, account) {
		t.Errorf("Staff: got %+v, %v, want %+v", got, err, account)
	}
	if got, err := f.KeyByPrefix(ctx, "ck_1"); err != nil || !cmp.Equal(got, key) {
		t.Errorf("KeyByPrefix: got %+v, %v, want %+v", got, err, key)
	}
	counts(1)
}

func testSecrets(t *testing.T, b Backend) {
	f := start(t, b)
	const callers = 8
	got := make([][]byte, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			var err error
			got[i], err = f.Secret(t.Context(), "key", func() ([]byte, error) { return []byte{0, byte(i), 255}, nil })
			if err != nil {
				t.Errorf("Secret: %v", err)
			}
		})
	}
	wg.Wait()
	f.restart()
	again, err := f.Secret(t.Context(), "key", func() ([]byte, error) { return nil, errors.New("called again") })
	if err != nil {
		t.Fatalf("Secret after a restart: %v", err)
	}
	for i := range got {
		if !bytes.Equal(got[i], again) {
			t.Errorf("caller %d got %v, want what all get, %v", i, got[i], again)
		}
	}
	failed := errors.New("no randomness")
	if _, err := f.Secret(t.Context(), "other", func() ([]byte, error) { return nil, failed }); !errors.Is(err, failed) {
		t.Errorf("a secret that can't be made: got %v, want %v", err, failed)
	}
}
