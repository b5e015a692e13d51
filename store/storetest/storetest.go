package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/store"
)

// Backend makes databases.
type Backend struct {
	// Config is for a new, empty database; opened again, it is the same database.
	Config func(t testing.TB) store.Config
	// SQL opens a Config's database beside the store, to look at its tables.
	SQL func(t testing.TB, cfg store.Config) *sql.DB
	// Indexed counts the messages of which the index for searching says that they contain the word $1.
	Indexed string
}

// Run runs the suite.
func Run(t *testing.T, b Backend) {
	for name, test := range map[string]func(*testing.T, Backend){
		"order":              testOrder,
		"completions first":  testCompletionsFirst,
		"holes":              testHoles,
		"every op":           testOps,
		"refusals":           testRefusals,
		"refused in a batch": testRefusedInBatch,
		"unreadable batch":   testUnreadable,
		"poisoned batch":     testPoisonedBatch,
		"reaction coalesced": testReactionsCoalesce,
		"reaction order":     testReactionOrder,
		"hide and restore":   testHideRestore,
		"pins":               testPins,
		"settings":           testSettings,
		"nonces":             testNonces,
		"live events":        testLiveEvents,
		"present state":      testPresentState,
		"quotes":             testQuotes,
		"recovery refused":   testRecoveryRefused,
		"hidden recovery":    testRecoveryOfHidden,
		"one instant":        testOneInstant,
		"pages":              testPages,
		"no row by reading":  testNoRowByReading,
		"epochs":             testEpochs,
		"reopen":             testReopen,
		"retention":          testRetention,
		"cleaning":           testCleaning,
		"drain":              testDrain,
		"busy":               testBusy,
		"hang-up":            testHangUp,
		"panics":             testPanics,
		"model":              testModel,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, b)
		})
	}
	for _, tests := range []map[string]func(*testing.T, Backend){ledgerTests, directoryTests} {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, b)
			})
		}
	}
}

// noon is when the suite's clock stands at first.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// patience bounds every wait of the suite.
const patience = 20 * time.Second

// fixture is a store that runs, and what its bell heard.
type fixture struct {
	*store.Store
	t     testing.TB
	cfg   store.Config
	bell  *recorder
	clock *clock
	sql   *sql.DB
	stop  func() // ends Run and closes the store

	forgiving bool // closing may fail
}

// start opens a new database and runs its store.
func start(t testing.TB, b Backend, change ...func(*store.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, bell: newRecorder(), clock: &clock{now: noon}}
	f.cfg = b.Config(t)
	f.cfg.Bell, f.cfg.Clock = f.bell, f.clock.Now
	for _, c := range change {
		c(&f.cfg)
	}
	f.open()
	f.run()
	f.sql = b.SQL(t, f.cfg)
	t.Cleanup(func() {
		f.stop()
		f.sql.Close()
	})
	return f
}

func (f *fixture) open() {
	f.t.Helper()
	var err error
	if f.Store, err = store.Open(context.Background(), f.cfg); err != nil {
		f.t.Fatalf("Open: %v", err)
	}
	f.stop = sync.OnceFunc(func() { f.close() })
}

func (f *fixture) close() {
	if err := f.Close(); err != nil && !f.forgiving {
		f.t.Errorf("Close: %v", err)
	}
}

func (f *fixture) run() {
	s := f.Store
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	f.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				f.t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			f.t.Error("Run doesn't return")
		}
		f.close()
	})
}

// restart stops the store, as a deploy does, and opens it again.
func (f *fixture) restart() {
	f.t.Helper()
	f.stop()
	f.open()
	f.run()
}

// exec changes the database behind the store's back.
func (f *fixture) exec(query string, args ...any) {
	f.t.Helper()
	if _, err := f.sql.Exec(query, args...); err != nil {
		f.t.Fatalf("%s: %v", query, err)
	}
}

// number reads one number from the database.
func (f *fixture) number(query string, args ...any) int {
	f.t.Helper()
	var n int
	if err := f.sql.QueryRow(query, args...).Scan(&n); err != nil {
		f.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// plan reads a plan: SQLite's rows have it in their last column, PostgreSQL's have no other.
func (f *fixture) plan(explain string, args ...any) string {
	f.t.Helper()
	rows, err := f.sql.Query(explain, args...)
	if err != nil {
		f.t.Fatalf("%s: %v", explain, err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		columns, err := rows.Columns()
		if err != nil {
			f.t.Fatal(err)
		}
		into := make([]any, len(columns))
		for i := range into {
			into[i] = new(any)
		}
		if err := rows.Scan(into...); err != nil {
			f.t.Fatal(err)
		}
		lines = append(lines, fmt.Sprint(*into[len(into)-1].(*any)))
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// answer is what a completion heard; of a deed, Event is its first one.
type answer struct {
	chat.Committed
	enacted chat.Enacted
	err     error
}

// deed makes a step of a deed in a room, for those that do what ops do.
type deed func(room chat.RoomID) chat.Step

// queue appends an op, or enacts a deed, and returns where the answer will come.
func (f *fixture) queue(room chat.RoomID, by chat.UserID, o any) <-chan answer {
	got := make(chan answer, 2) // room for the second call that must not come
	if d, ok := o.(deed); ok {
		f.Enact(context.Background(), f.act(by, chat.ActDelete, d(room)), func(e chat.Enacted, err error) {
			a := answer{enacted: e, err: err}
			if len(e.Events) > 0 {
				a.Event = e.Events[0]
			}
			got <- a
		})
		return got
	}
	op, _ := o.(chat.Op)
	f.Append(context.Background(), chat.Change{Room: room, By: by, At: f.clock.Now(), Op: op},
		func(c chat.Committed, err error) { got <- answer{Committed: c, err: err} })
	return got
}

// act is a deed by somebody.
func (f *fixture) act(by chat.UserID, kind chat.ActKind, steps ...chat.Step) chat.Deed {
	return chat.Deed{
		Act:   chat.Act{ID: chat.ActID(newID()), At: f.clock.Now(), By: by, Via: chat.ViaDashboard, Kind: kind},
		Steps: steps,
	}
}

// try appends, or enacts, and waits.
func (f *fixture) try(room chat.RoomID, by chat.UserID, o any) (chat.Committed, error) {
	f.t.Helper()
	a := wait(f.t, f.queue(room, by, o))
	return a.Committed, a.err
}

// do appends, or enacts, what must succeed.
func (f *fixture) do(room chat.RoomID, by chat.UserID, o any) chat.Event {
	f.t.Helper()
	c, err := f.try(room, by, o)
	if err != nil {
		f.t.Fatalf("%T: got %v, want it stored", o, err)
	}
	return c.Event
}

// enact does a deed and waits.
func (f *fixture) enact(d chat.Deed) (chat.Enacted, error) {
	f.t.Helper()
	got := make(chan answer, 2)
	f.Enact(context.Background(), d, func(e chat.Enacted, err error) { got <- answer{enacted: e, err: err} })
	a := wait(f.t, got)
	return a.enacted, a.err
}

// say posts a text.
func (f *fixture) say(room chat.RoomID, by chat.UserID, text string) chat.MessageID {
	f.t.Helper()
	p := post(by, text)
	f.do(room, by, p)
	return p.Message.ID
}

func (f *fixture) snapshot(room chat.RoomID) chat.Snapshot {
	f.t.Helper()
	s, err := f.Snapshot(f.t.Context(), room, chat.SnapshotQuery{Messages: 1000, Viewer: ann})
	if err != nil {
		f.t.Fatalf("Snapshot: %v", err)
	}
	return s
}

func (f *fixture) since(room chat.RoomID, p chat.Position) []chat.Event {
	f.t.Helper()
	events, _, err := f.Since(f.t.Context(), room, p, 1000, chat.SnapshotQuery{})
	if err != nil {
		f.t.Fatalf("Since(%v): %v", p, err)
	}
	return events
}

func wait[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came in time")
		panic("unreachable")
	}
}

// The people of the suite.
const (
	ann = chat.UserID("u:ann")
	bob = chat.UserID("g:bob")
	mod = chat.UserID("s:mod")
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func post(by chat.UserID, text string) chat.Post {
	m := chat.Message{
		ID: chat.MessageID(newID()), Text: text, At: noon,
		Author: chat.Author{ID: by, Name: "name of " + string(by), Role: chat.RoleUser},
	}
	m.HTML, m.Plain = chat.Render(text)
	return chat.Post{Message: m}
}

func edit(by chat.UserID, id chat.MessageID, text string) chat.Edit {
	e := chat.Edit{ID: id, Author: by, Text: text}
	e.HTML, e.Plain = chat.Render(text)
	return e
}

func hide(ids ...chat.MessageID) deed {
	return func(room chat.RoomID) chat.Step { return chat.HideStep{Room: room, IDs: ids} }
}

func restore(ids ...chat.MessageID) deed {
	return func(room chat.RoomID) chat.Step { return chat.RestoreStep{Room: room, IDs: ids} }
}

func pin(id chat.MessageID, on bool) deed {
	return func(room chat.RoomID) chat.Step { return chat.PinStep{Room: room, ID: id, On: on} }
}

func change(p chat.SettingsPatch) deed {
	return func(room chat.RoomID) chat.Step { return chat.SetStep{Room: room, Patch: p} }
}

// own is an author's deletion.
func own(by chat.UserID, ids ...chat.MessageID) chat.Hide {
	return chat.Hide{IDs: ids, Act: chat.ActID(newID()), Author: by}
}

func react(id chat.MessageID, emoji string, on bool) chat.React {
	return chat.React{ID: id, Emoji: emoji, On: on, MaxKinds: 3}
}

func set[T any](v T) *T { return &v }

// wantCode fails unless err is the refusal with this code.
func wantCode(t testing.TB, what string, err error, want string) {
	t.Helper()
	if got := chat.CodeOf(err); got != want {
		t.Errorf("%s: refused with %q (%v), want %q", what, got, err, want)
	}
	var e *chat.Error
	if err != nil && want != "internal" && (!errors.As(err, &e) || e.Kind == chat.Internal) {
		t.Errorf("%s: got %v, want a refusal with a kind", what, err)
	}
}

func texts(all []chat.Message) []string {
	out := make([]string, len(all))
	for i, m := range all {
		out[i] = m.Text
	}
	return out
}

func roomN(n int) chat.RoomID { return chat.RoomID("room-" + strconv.Itoa(n)) }

// clock is a clock that the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
