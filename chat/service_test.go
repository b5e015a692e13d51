package chat_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/chatd/chatd/broker"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/policies"
	"github.com/chatd/chatd/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const room chat.RoomID = "general"

var (
	ann   = chat.Actor{ID: "u:ann", Name: "Ann", Role: chat.RoleUser, Addr: netip.MustParseAddr("192.0.2.1")}
	bob   = chat.Actor{ID: "u:bob", Name: "Bob", Role: chat.RoleUser, Addr: netip.MustParseAddr("192.0.2.2")}
	guest = chat.Actor{ID: "g:0192", Name: "Guest 1", Role: chat.RoleGuest, Addr: netip.MustParseAddr("192.0.2.3")}
	mod   = chat.Actor{ID: "u:mod", Name: "Mo", Role: chat.RoleModerator, Addr: netip.MustParseAddr("192.0.2.4"), Via: chat.ViaChat}
	mod2  = chat.Actor{ID: "u:mod2", Name: "Max", Role: chat.RoleModerator, Addr: netip.MustParseAddr("192.0.2.5"), Via: chat.ViaChat}
	staff = chat.Actor{ID: "s:admin", Name: "admin", Role: chat.RoleStaff, Grant: chat.GrantOf(chat.Owner, nil), Via: chat.ViaDashboard}
)

// byStaff is an order of the owner's.
var byStaff = chat.Order{By: staff, Reason: "a test"}

// world is the real core over a real SQLite and the real broker in memory, with a clock that the test moves.
type world struct {
	*chat.Service
	bell *broker.Memory

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t testing.TB, limits chat.Limits) *world {
	t.Helper()
	w := &world{bell: broker.NewMemory(broker.Config{}), now: time.Now().UTC()}
	st, err := store.Open(t.Context(), store.Config{DataDir: t.TempDir(), Durability: store.Process, Bell: w.bell, Clock: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	set, err := policies.Load(fstest.MapFS{"p.yaml": {Data: []byte("version: 1\nrules:\n  - {id: r, action: reject, terms: [spam]}\n")}})
	if err != nil {
		t.Fatal(err)
	}
	w.Service, err = chat.New(t.Context(), chat.Config{
		Log: st, Ledger: st, Directory: st, Accounts: st, Bell: w.bell, Presence: w.bell, Limiter: w.bell, Judge: set,
		Limits: limits, Now: w.clock, NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		Aliases: []byte("a secret of the tests, 32 bytes."), SignInConfigured: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan struct{})
	w.Service.Bell = listening{w.bell, sync.OnceFunc(func() { close(heard) })}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := st.Run(ctx); err != nil {
			t.Errorf("store.Run: %v", err)
		}
	})
	running.Go(func() {
		if err := w.Run(ctx); err != nil {
			t.Errorf("chat.Run: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
		if err := st.Close(); err != nil {
			t.Errorf("store.Close: %v", err)
		}
	})
	<-heard
	return w
}

// runBeside runs another node's service until the test ends. It listens on return.
func (w *world) runBeside(t *testing.T, other *chat.Service) {
	t.Helper()
	heard := make(chan struct{})
	other.Bell = listening{other.Bell, sync.OnceFunc(func() { close(heard) })}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := other.Run(ctx); err != nil {
			t.Errorf("chat.Run: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	<-heard
}

// listening says when somebody has begun to listen to all.
type listening struct {
	chat.Bell
	begun func()
}

func (b listening) ListenAll(ctx context.Context, l chat.Listener) (func(), error) {
	defer b.begun()
	return b.Bell.ListenAll(ctx, l)
}

func (w *world) mustPost(t *testing.T, by chat.Actor, text string) chat.Message {
	t.Helper()
	c, err := w.Post(t.Context(), by, room, chat.Draft{Text: text})
	if err != nil {
		t.Fatalf("Post(%q): %v", text, err)
	}
	return *c.Event.Message
}

func (w *world) set(t *testing.T, p chat.SettingsPatch) {
	t.Helper()
	if _, err := w.Configure(t.Context(), byStaff, chat.SetStep{Room: room, Patch: p}); err != nil {
		t.Fatalf("Configure: %v", err)
	}
}

func (w *world) texts(t *testing.T) []string {
	t.Helper()
	p, err := w.History(t.Context(), ann, room, chat.PageQuery{Before: 1 << 60, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range p.Messages {
		got = append(got, m.Text)
	}
	return got
}

func ref[T any](v T) *T { return &v }

func wantCode(t *testing.T, err error, want string) *chat.Error {
	t.Helper()
	if got := chat.CodeOf(err); got != want {
		t.Errorf("refused with %q (%v), want %q", got, err, want)
	}
	return chat.AsError(err)
}

func TestPostRefuses(t *testing.T) {
	expired := ann
	expired.Expires = time.Now().Add(-time.Minute)
	elsewhere := ann
	elsewhere.Rooms = []string{"other"}
	tests := map[string]struct {
		by   chat.Actor
		set  chat.SettingsPatch
		d    chat.Draft
		want string
	}{
		"blank":                 {by: ann, d: chat.Draft{Text: " \n\u200b"}, want: "text_empty"},
		"only tags":             {by: ann, d: chat.Draft{Text: "<b></b>"}, want: "text_empty"},
		"too long":              {by: ann, d: chat.Draft{Text: strings.Repeat("é", 501)}, want: "text_too_long"},
		"too short":             {by: ann, set: chat.SettingsPatch{MinLength: ref(3)}, d: chat.Draft{Text: "ab"}, want: "text_too_short"},
		"prohibited":            {by: ann, d: chat.Draft{Text: "buy SPAM"}, want: "prohibited"},
		"prohibited, disguised": {by: ann, d: chat.Draft{Text: "buy sp\u200bam"}, want: "prohibited"},
		"prohibited, by tags":   {by: ann, d: chat.Draft{Text: "buy sp<i></i>am"}, want: "prohibited"},
		"prohibited, by markup": {by: ann, d: chat.Draft{Text: "buy sp`am`"}, want: "prohibited"},
		"expired":               {by: expired, d: chat.Draft{Text: "hi"}, want: "token_expired"},
		"another room's token":  {by: elsewhere, d: chat.Draft{Text: "hi"}, want: "room_forbidden"},
		"read only":             {by: ann, set: chat.SettingsPatch{ReadOnly: ref(true)}, d: chat.Draft{Text: "hi"}, want: "room_read_only"},
		"closed":                {by: ann, set: chat.SettingsPatch{Closed: ref(true)}, d: chat.Draft{Text: "hi"}, want: "room_closed"},
		"guest who may read":    {by: guest, set: chat.SettingsPatch{Guests: ref(chat.GuestsRead)}, d: chat.Draft{Text: "hi"}, want: "guests_read_only"},
		"guest who may not":     {by: guest, set: chat.SettingsPatch{Guests: ref(chat.GuestsNone)}, d: chat.Draft{Text: "hi"}, want: "guests_forbidden"},
		"bad nonce":             {by: ann, d: chat.Draft{Text: "hi", Nonce: "a b"}, want: "nonce_invalid"},
		"reply to nothing":      {by: ann, d: chat.Draft{Text: "hi", ReplyTo: "0192"}, want: "reply_not_found"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, chat.Limits{})
			w.set(t, chat.SettingsPatch{Title: ref("x")}) // the room exists
			w.set(t, tt.set)

			_, err := w.Post(t.Context(), tt.by, room, tt.d)

			wantCode(t, err, tt.want)
			w.set(t, chat.SettingsPatch{Closed: ref(false)})
			if got := w.texts(t); len(got) != 0 {
				t.Errorf("a refused message left %q in the room", got)
			}
		})
	}
}

func TestPostAdmits(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.set(t, chat.SettingsPatch{ReadOnly: ref(true), SlowMode: ref(time.Hour)})
	w.mustPost(t, mod, "moderators write in a read-only room")
	w.mustPost(t, mod, "and know no slow mode")
	w.set(t, chat.SettingsPatch{ReadOnly: ref(false), SlowMode: ref(time.Duration(0)), MaxLength: ref(500)})
	w.mustPost(t, ann, strings.Repeat("é", 500)) // characters, not bytes
	w.mustPost(t, guest, "assessment of spammers in Scunthorpe")
	if got := len(w.texts(t)); got != 4 {
		t.Errorf("%d messages in the room, want 4", got)
	}
}

func TestRetryOfAStoredPostHearsNoRefusal(t *testing.T) {
	w := newWorld(t, chat.Limits{PostsPerUser: chat.Rate{Limit: 1, Period: time.Hour}})
	w.set(t, chat.SettingsPatch{SlowMode: ref(time.Hour)})
	d := chat.Draft{Text: "once", Nonce: "n1"}
	first, err := w.Post(t.Context(), ann, room, d)
	if err != nil {
		t.Fatal(err)
	}
	w.set(t, chat.SettingsPatch{ReadOnly: ref(true)})

	again, err := w.Post(t.Context(), ann, room, d)

	if err != nil {
		t.Fatalf("the retry was refused: %v", err)
	}
	if !again.Duplicate || again.Event.Message.ID != first.Event.Message.ID {
		t.Errorf("the retry got %+v, want a duplicate of %s", again, first.Event.Message.ID)
	}
	w.set(t, chat.SettingsPatch{ReadOnly: ref(false)})
	_, err = w.Post(t.Context(), ann, room, chat.Draft{Text: "twice", Nonce: "n2"})
	wantCode(t, err, "rate_limited")
	if got := w.texts(t); !slices.Equal(got, []string{"once"}) {
		t.Errorf("the room holds %q, want the message once", got)
	}
}

func TestManyRetriesAtOnceStoreOne(t *testing.T) {
	w := newWorld(t, chat.Limits{PostsPerUser: chat.Rate{Limit: 1, Period: time.Hour}})
	const n = 50
	codes := make(chan string, n)
	var dup sync.WaitGroup
	for range n {
		dup.Go(func() {
			_, err := w.Post(context.Background(), ann, room, chat.Draft{Text: "once", Nonce: "same"})
			codes <- chat.CodeOf(err)
		})
	}
	dup.Wait()
	close(codes)
	for code := range codes {
		// One that comes between the first's rate and its queueing may be told to wait; nothing else.
		if code != "" && code != "rate_limited" {
			t.Errorf("a retry was refused with %q", code)
		}
	}
	if got := w.texts(t); !slices.Equal(got, []string{"once"}) {
		t.Errorf("the room holds %q, want the message once", got)
	}
}

// fragileLog refuses to append while it is broken.
type fragileLog struct {
	chat.Log
	broken bool
}

func (l *fragileLog) Append(ctx context.Context, c chat.Change, done func(chat.Committed, error)) {
	if l.broken {
		done(chat.Committed{}, chat.Refuse(chat.Unavailable, "store_unavailable", "Not now."))
		return
	}
	l.Log.Append(ctx, c, done)
}

func TestAPostThatTheStoreRefusedKeepsItsTurn(t *testing.T) {
	w := newWorld(t, chat.Limits{PostsPerUser: chat.Rate{Limit: 1, Period: time.Hour}})
	w.set(t, chat.SettingsPatch{SlowMode: ref(time.Hour)})
	l := &fragileLog{Log: w.Log, broken: true}
	w.Log = l
	post := func(nonce string) error {
		_, err := w.Post(t.Context(), ann, room, chat.Draft{Text: "once", Nonce: nonce})
		return err
	}
	wantCode(t, post("n1"), "store_unavailable")
	wantCode(t, post("n1"), "store_unavailable")
	l.broken = false
	if err := post("n1"); err != nil {
		t.Errorf("the repeated post: %v", err)
	}
	wantCode(t, post("n2"), "rate_limited")
}

func TestWhatIsRefusedCostsNoTurn(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.set(t, chat.SettingsPatch{SlowMode: ref(time.Hour)})
	gone := w.mustPost(t, bob, "soon gone")
	if _, err := w.DeleteOwn(t.Context(), bob, room, []chat.MessageID{gone.ID}); err != nil {
		t.Fatal(err)
	}
	for want, d := range map[string]chat.Draft{
		"reply_not_found": {Text: "hi", ReplyTo: gone.ID},
		"prohibited":      {Text: "spam"},
		"text_too_long":   {Text: strings.Repeat("a\u0301", 60_000)},
	} {
		_, err := w.Post(t.Context(), ann, room, d)
		wantCode(t, err, want)
	}
	w.mustPost(t, ann, "it is still my turn")
}

func TestGuestWhoseNameBecameAUsersNeedsAnother(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	zoe, err := w.Rename(t.Context(), guest, "Zoe")
	if err != nil {
		t.Fatal(err)
	}
	w.mustPost(t, zoe, "I am Zoe")
	if _, err := w.SignIn(t.Context(), chat.Actor{ID: "u:zoe", Name: "Zoe", Role: chat.RoleUser}); err != nil {
		t.Fatal(err)
	}
	_, err = w.Post(t.Context(), zoe, room, chat.Draft{Text: "no, I am"})
	wantCode(t, err, "name_taken")

	w.mustPost(t, staff, "staff have spoken")
	_, err = w.Rename(t.Context(), guest, "Admin")
	wantCode(t, err, "name_taken")
}

// Guests are free to make: what each of them may do is bounded by their address too.
func TestAllowancesOfOneAddress(t *testing.T) {
	w := newWorld(t, chat.Limits{ReadsPerUser: chat.Rate{Limit: 1, Period: time.Hour}})
	w.mustPost(t, ann, "hi")
	refused := 0
	for i := range 20 {
		g := guest
		g.ID += chat.UserID(rune('a' + i))
		_, err := w.History(t.Context(), g, room, chat.PageQuery{Before: 1 << 60, Limit: 1})
		if chat.CodeOf(err) == "rate_limited" {
			refused++
		}
	}
	if refused != 15 {
		t.Errorf("%d of 20 guests of one address were refused, want all but 5", refused)
	}
}

func TestReadMarkersAreForReaders(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.mustPost(t, ann, "hi")
	w.sanction(t, chat.SanctionOrder{Target: on(guest), Effect: chat.Ban})
	wantCode(t, w.MarkRead(t.Context(), guest, room, 1), "banned")
	if err := w.MarkRead(t.Context(), ann, room, 1); err != nil {
		t.Error(err)
	}
	snap, err := w.Log.Snapshot(t.Context(), room, chat.SnapshotQuery{Viewer: ann.ID})
	if err != nil || snap.Read != 1 {
		t.Errorf("the marker is at %d, %v, want 1", snap.Read, err)
	}
}

func TestSlowModeSaysHowLongToWait(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	w.set(t, chat.SettingsPatch{SlowMode: ref(30 * time.Second)})
	w.mustPost(t, ann, "one")

	_, err := w.Post(t.Context(), ann, room, chat.Draft{Text: "two"})

	e := wantCode(t, err, "slow_mode")
	if e.RetryAfter <= 0 || e.RetryAfter > 31*time.Second {
		t.Errorf("RetryAfter is %s, want at most the slow mode", e.RetryAfter)
	}
	w.mustPost(t, bob, "others are not held up")
	_, err = w.Post(t.Context(), ann, room, chat.Draft{Text: "buy spam"})
	wantCode(t, err, "prohibited")
}

func TestRatesCountUsersAndAddresses(t *testing.T) {
	w := newWorld(t, chat.Limits{
		PostsPerUser: chat.Rate{Limit: 2, Period: time.Hour},
		PostsPerAddr: chat.Rate{Limit: 3, Period: time.Hour},
	})
	twin := bob
	twin.Addr = ann.Addr
	w.mustPost(t, ann, "1")
	w.mustPost(t, ann, "2")
	_, err := w.Post(t.Context(), ann, room, chat.Draft{Text: "3"})
	if e := wantCode(t, err, "rate_limited"); e.RetryAfter <= 0 {
		t.Error("rate_limited without a time to wait")
	}
	w.mustPost(t, twin, "the address has one left")
	_, err = w.Post(t.Context(), twin, room, chat.Draft{Text: "no more"})
	wantCode(t, err, "rate_limited")
}

func TestEditPassesWhatAPostPasses(t *testing.T) {
	w := newWorld(t, chat.Limits{EditWindow: time.Minute})
	m := w.mustPost(t, ann, "first")
	edit := func(by chat.Actor, text string) error {
		_, err := w.Edit(t.Context(), by, room, m.ID, text)
		return err
	}
	wantCode(t, edit(bob, "mine now"), "not_your_message")
	wantCode(t, edit(mod, "moderators don't put words in mouths"), "not_your_message")
	wantCode(t, edit(ann, "spam"), "prohibited")
	wantCode(t, edit(ann, ""), "text_empty")
	if err := edit(ann, "second"); err != nil {
		t.Fatal(err)
	}
	w.set(t, chat.SettingsPatch{ReadOnly: ref(true)})
	wantCode(t, edit(ann, "third"), "room_read_only")
	w.set(t, chat.SettingsPatch{ReadOnly: ref(false)})
	w.sanction(t, chat.SanctionOrder{Target: on(ann), Effect: chat.Mute, Duration: time.Minute})
	wantCode(t, edit(ann, "third"), "muted")
	w.pass(2 * time.Minute)
	wantCode(t, edit(ann, "third"), "edit_too_late")
	if got := w.texts(t); !slices.Equal(got, []string{"second"}) {
		t.Errorf("the room holds %q, want the one good edit", got)
	}
}

func TestDeleteAndRestore(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	byMod := chat.Order{By: mod}
	m1, m2, m3 := w.mustPost(t, ann, "one"), w.mustPost(t, ann, "two"), w.mustPost(t, ann, "three")
	_, err := w.DeleteOwn(t.Context(), bob, room, []chat.MessageID{m1.ID})
	wantCode(t, err, "not_your_message")
	_, err = w.DeleteOwn(t.Context(), ann, room, nil)
	wantCode(t, err, "bad_request")
	if _, err := w.DeleteOwn(t.Context(), ann, room, []chat.MessageID{m3.ID}); err != nil {
		t.Fatal(err)
	}
	_, err = w.Delete(t.Context(), chat.Order{By: ann}, room, []chat.MessageID{m1.ID})
	wantCode(t, err, "not_a_moderator")
	if _, err := w.Delete(t.Context(), byMod, room, []chat.MessageID{m1.ID, m2.ID}); err != nil {
		t.Fatal(err)
	}
	_, err = w.Restore(t.Context(), chat.Order{By: ann}, room, []chat.MessageID{m1.ID})
	wantCode(t, err, "not_a_moderator")
	if _, err := w.Restore(t.Context(), byMod, room, []chat.MessageID{m1.ID, m3.ID}); err != nil {
		t.Fatal(err)
	}
	if got := w.texts(t); !slices.Equal(got, []string{"one"}) {
		t.Errorf("the room holds %q, want what was restored; an author's own deletion is final", got)
	}
}
