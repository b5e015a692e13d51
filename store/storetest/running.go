package storetest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/store"
)

// Running is a store that runs, for tests of what one database does alone.
type Running struct{ f *fixture }

// Start opens a new database of b and runs its store until the test ends.
func Start(t testing.TB, b Backend, change ...func(*store.Config)) *Running {
	t.Helper()
	return &Running{f: start(t, b, change...)}
}

// Store is the store.
func (r *Running) Store() *store.Store { return r.f.Store }

// SQL is the database beside the store.
func (r *Running) SQL() *sql.DB { return r.f.sql }

// Stop ends Run, which must succeed, and closes the store.
func (r *Running) Stop() { r.f.stop() }

// StopBadly is Stop where the database is away, so that closing may fail.
func (r *Running) StopBadly() {
	r.f.forgiving = true
	r.f.stop()
}

// Config opens the same database.
func (r *Running) Config() store.Config { return r.f.cfg }

// Restart stops the store and opens it again; between is called in the middle.
func (r *Running) Restart(between func()) {
	r.f.t.Helper()
	r.f.stop()
	between()
	r.f.open()
	r.f.run()
}

// Heard waits until n events were announced and returns all.
func (r *Running) Heard(n int) []chat.Event { r.f.t.Helper(); return r.f.bell.heard(r.f.t, n) }

// Post appends a message with a nonce, by one author, and waits for the answer.
func (r *Running) Post(ctx context.Context, room chat.RoomID, text, nonce string) (chat.Committed, error) {
	p := post(ann, text)
	p.Nonce = nonce
	got := make(chan answer, 1)
	r.f.Append(ctx, chat.Change{Room: room, By: ann, At: r.f.clock.Now(), Op: p}, func(c chat.Committed, err error) { got <- answer{Committed: c, err: err} })
	a := wait(r.f.t, got)
	return a.Committed, a.err
}

// Do appends an op of a moderator's and waits for the answer.
func (r *Running) Do(room chat.RoomID, o chat.Op) (chat.Committed, error) {
	r.f.t.Helper()
	return r.f.try(room, mod, o)
}

// Enact does a moderator's deed and waits for what it came to.
func (r *Running) Enact(steps ...chat.Step) (chat.Enacted, error) {
	r.f.t.Helper()
	return r.f.enact(r.f.act(mod, chat.ActDelete, steps...))
}

// EnactKept does it as a request that may be repeated.
func (r *Running) EnactKept(key string, steps ...chat.Step) (chat.Enacted, error) {
	return r.EnactLate(key, nil, steps...)
}

// EnactLate is EnactKept for somebody who hears late of what was done, too.
func (r *Running) EnactLate(key string, late func(chat.Enacted), steps ...chat.Step) (chat.Enacted, error) {
	d := r.f.act(mod, chat.ActDelete, steps...)
	d.Late = late
	d.Keep = &chat.Keep{Caller: mod, Key: key, Fingerprint: []byte(key), Reply: func(chat.Enacted) (chat.KeptReply, error) {
		return chat.KeptReply{Status: 200}, nil
	}}
	got := make(chan answer, 2)
	r.f.Enact(context.Background(), d, func(e chat.Enacted, err error) { got <- answer{enacted: e, err: err} })
	a := wait(r.f.t, got)
	return a.enacted, a.err
}

// Room is a room's present state with its messages.
func (r *Running) Room(room chat.RoomID) chat.Snapshot { r.f.t.Helper(); return r.f.snapshot(room) }

// Number reads one number from the database.
func (r *Running) Number(query string, args ...any) int {
	r.f.t.Helper()
	return r.f.number(query, args...)
}

// Plan reads how the database would run a query, a line a row.
func (r *Running) Plan(explain string, args ...any) string {
	r.f.t.Helper()
	return r.f.plan(explain, args...)
}

// Eventually waits until a query of one number gives want.
func (r *Running) Eventually(what string, want int, query string, args ...any) {
	r.f.t.Helper()
	r.f.eventually(what, want, query, args...)
}

// Exec changes the database behind the store's back.
func (r *Running) Exec(query string, args ...any) { r.f.t.Helper(); r.f.exec(query, args...) }
