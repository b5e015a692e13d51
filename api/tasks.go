package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/chatd/chatd/chat"
)

const (
	taskWorkers   = 2    // tasks that run at once
	openTasks     = 200  // that wait or run
	openOfCaller  = 10   // of these
	endedOfCaller = 10   // that are remembered: the latest
	endedTasks    = 1000 // of these
	taskFailures  = 100  // that are told
	taskActs      = 1000 // that are told
	tasksKeptFor  = time.Hour
	keepWithin    = 10 * time.Second // how long it may take to note how a task ended
)

// task is work that takes longer than a request. What a progress doesn't guard is set once.
type task struct {
	id, kind string
	by       chat.Actor
	at       time.Time
	attempt  *attempt // that asked for it; nil: it can't be repeated
	work     func(context.Context, *progress) error
	progress progress
	cancel   context.CancelCauseFunc
	ctx      context.Context //nolint:containedctx // it ends with the task, which a worker takes up later
}

// progress is how far a task has come. Safe for concurrent use.
type progress struct {
	mu       sync.Mutex
	state    TaskState
	ended    time.Time
	done     int
	total    *int
	failures []Failure // at most taskFailures
	acts     []string  // at most taskActs
}

// expect says how much there is to do.
func (p *progress) expect(total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = &total
}

// did counts one thing done, by an act (empty: none).
func (p *progress) did(act chat.ActID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.note(act)
}

// note remembers an act, as one of those that are told. p.mu is held.
func (p *progress) note(act chat.ActID) {
	if act != "" && len(p.acts) < taskActs {
		p.acts = append(p.acts, string(act))
	}
}

// failed counts one thing that could not be done.
func (p *progress) failed(id string, why error) {
	e := chat.AsError(why)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if len(p.failures) < taskFailures {
		p.failures = append(p.failures, Failure{ID: id, Code: e.Code, Message: e.Message})
	}
}

func (p *progress) become(s TaskState, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.ended = s, at
}

// abandon cancels what hasn't begun; false: it has.
func (p *progress) abandon(at time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != TaskStateQueued {
		return false
	}
	p.state, p.ended = TaskStateCancelled, at
	return true
}

// over tells when it ended; false: it hasn't.
func (p *progress) over() (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended, !p.ended.IsZero()
}

func (p *progress) unfinished() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state == TaskStateQueued || p.state == TaskStateRunning
}

// tasks are those of this node; they end with it. What a repetition of a request hears of one outlives it.
type tasks struct {
	replies chat.Replies
	now     func() time.Time
	newID   func() string
	log     *slog.Logger
	wake    chan struct{} // there is something in waiting

	mu      sync.Mutex
	all     []*task // guarded by mu; oldest first
	waiting []*task // guarded by mu; to be done, in this order
}

func newTasks(replies chat.Replies, now func() time.Time, newID func() string, log *slog.Logger) *tasks {
	return &tasks{replies: replies, now: now, newID: newID, log: log, wake: make(chan struct{}, taskWorkers)}
}

var errCancelled = errors.New("the task was cancelled")

// start begins a task for who makes a request; work ends early with its context. A request that may be repeated is noted
// before: whatever happens then, it begins nothing again. Code too_many_tasks; errReplay where it did so already.
func (t *tasks) start(ctx context.Context, kind string, work func(context.Context, *progress) error) (Task, error) {
	k := callOf(ctx)
	x := &task{id: t.newID(), kind: kind, by: k.caller.actor, at: t.now().UTC(), attempt: k.attempt, work: work}
	x.progress.state = TaskStateQueued
	x.ctx, x.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	if err := t.add(x); err != nil {
		return Task{}, err
	}
	if err := t.claim(ctx, x); err != nil {
		t.drop(x)
		return Task{}, err
	}
	t.mu.Lock()
	t.waiting = append(t.waiting, x)
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default: // every worker will look
	}
	return x.show(), nil
}

// add makes a task known, if there aren't too many.
func (t *tasks) add(x *task) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget()
	all, own := 0, 0
	for _, y := range t.all {
		if y.progress.unfinished() {
			all++
			if y.by.ID == x.by.ID {
				own++
			}
		}
	}
	if own >= openOfCaller || all >= openTasks {
		return chat.Refuse(chat.RateLimited, "too_many_tasks", "Too many tasks are waiting. Try again when some are done.").After(10 * time.Second)
	}
	t.all = append(t.all, x)
	return nil
}

// drop takes a task back that wasn't begun.
func (t *tasks) drop(x *task) {
	x.cancel(errCancelled)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = slices.DeleteFunc(t.all, func(y *task) bool { return y == x })
}

// claim notes that the request has begun this task.
func (t *tasks) claim(ctx context.Context, x *task) error {
	if x.attempt == nil {
		return nil
	}
	reply, err := x.reply()
	if err != nil {
		return err
	}
	kept, found, err := t.replies.KeepReply(ctx, x.attempt.kept(), reply)
	if err == nil && found {
		err = errReplay{kept}
	}
	return err
}

// reply is what a repetition of the request hears.
func (x *task) reply() (chat.KeptReply, error) {
	return x.attempt.keep(answer{status: http.StatusAccepted, body: x.show()}, "")
}

// noteEnd lets repetitions hear how a task has ended, also when this node is no more.
func (t *tasks) noteEnd(x *task) {
	if x.attempt == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.ctx), keepWithin)
	defer cancel()
	reply, err := x.reply()
	if err == nil {
		err = t.replies.ChangeReply(ctx, x.attempt.kept(), reply)
	}
	if err != nil {
		t.log.Warn("the end of a task isn't noted", "task", x.id, "error", err)
	}
}

// latest is a task of this node as it is now, in the place of what was kept of it.
func (t *tasks) latest(kept []byte) []byte {
	var was Task
	if err := json.Unmarshal(kept, &was); err != nil {
		return kept
	}
	t.mu.Lock()
	i := slices.IndexFunc(t.all, func(x *task) bool { return x.id == was.ID })
	if i < 0 {
		t.mu.Unlock()
		return kept
	}
	x := t.all[i]
	t.mu.Unlock()
	now, err := encode(answer{body: x.show()})
	if err != nil {
		return kept
	}
	return now.body
}

// forget drops tasks that ended long ago, and of those of one caller, and of all, the oldest that are too many. t.mu is held.
func (t *tasks) forget() {
	old := t.now().Add(-tasksKeptFor)
	all, own := 0, make(map[chat.UserID]int)
	var keep []*task
	for _, x := range slices.Backward(t.all) {
		if end, ended := x.progress.over(); ended {
			if all++; all > endedTasks || !end.After(old) {
				continue
			}
			if own[x.by.ID]++; own[x.by.ID] > endedOfCaller {
				continue
			}
		}
		keep = append(keep, x)
	}
	slices.Reverse(keep)
	t.all = keep
}

// next takes what is to be done next; nil: nothing.
func (t *tasks) next() *task {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = slices.DeleteFunc(t.waiting, func(x *task) bool { return !x.progress.unfinished() }) // cancelled
	if len(t.waiting) == 0 {
		return nil
	}
	x := t.waiting[0]
	t.waiting = t.waiting[1:]
	return x
}

// find returns a caller's own task; admins and owners find any. Code task_not_found.
func (t *tasks) find(by chat.Actor, id string) (*task, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget()
	i := slices.IndexFunc(t.all, func(x *task) bool { return x.id == id })
	if i < 0 || t.all[i].by.ID != by.ID && !seesAllTasks(by) {
		return nil, chat.Refuse(chat.NotFound, "task_not_found", "There is no such task.")
	}
	return t.all[i], nil
}

func seesAllTasks(by chat.Actor) bool {
	return by.Grant != nil && (by.Grant.Role == chat.Admin || by.Grant.Role == chat.Owner)
}

// run does what is queued until ctx ends; what then runs is cancelled, and waited for.
func (t *tasks) run(ctx context.Context) {
	var wait sync.WaitGroup
	for range taskWorkers {
		wait.Go(func() {
			for ctx.Err() == nil {
				if x := t.next(); x != nil {
					t.do(ctx, x)
					continue
				}
				select {
				case <-t.wake:
				case <-ctx.Done():
				}
			}
		})
	}
	wait.Wait()
}

// do runs one task.
func (t *tasks) do(ctx context.Context, x *task) {
	stop := context.AfterFunc(ctx, func() { x.cancel(context.Cause(ctx)) })
	defer stop()
	if x.ctx.Err() != nil { // cancelled while it waited
		return
	}
	x.progress.become(TaskStateRunning, time.Time{})
	err := func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = errors.New("it panicked")
				t.log.Error("a task panicked", "task", x.id, "kind", x.kind, "panic", r)
			}
		}()
		return x.work(x.ctx, &x.progress)
	}()
	switch {
	case errors.Is(context.Cause(x.ctx), errCancelled):
		x.progress.become(TaskStateCancelled, t.now().UTC())
	case err != nil:
		t.log.Warn("a task failed", "task", x.id, "kind", x.kind, "error", err)
		x.progress.failed("", err)
		x.progress.become(TaskStateFailed, t.now().UTC())
	default:
		x.progress.become(TaskStateDone, t.now().UTC())
	}
	t.noteEnd(x)
	x.cancel(nil)
}

// stop cancels a task, if it hasn't ended.
func (t *tasks) stop(x *task) {
	x.cancel(errCancelled)
	if x.progress.abandon(t.now().UTC()) {
		t.noteEnd(x)
	}
}

func (x *task) show() Task {
	p := &x.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	return Task{
		ID: x.id, Kind: x.kind, By: string(x.by.ID), State: p.state, At: x.at, EndedAt: optional(p.ended),
		Done: p.done, Total: p.total, Failures: append([]Failure{}, p.failures...), Acts: append([]string{}, p.acts...),
	}
}

// ShowTask implements GET /tasks/{task}.
func (h *handler) ShowTask(ctx context.Context, in ShowTaskRequestObject) (ShowTaskResponseObject, error) {
	x, err := h.tasks.find(callerOf(ctx).actor, in.Task)
	if err != nil {
		return nil, err
	}
	return ShowTask200JSONResponse(x.show()), nil
}

// CancelTask implements DELETE /tasks/{task}.
func (h *handler) CancelTask(ctx context.Context, in CancelTaskRequestObject) (CancelTaskResponseObject, error) {
	x, err := h.tasks.find(callerOf(ctx).actor, in.Task)
	if err != nil {
		return nil, err
	}
	h.tasks.stop(x)
	return CancelTask200JSONResponse(x.show()), nil
}
