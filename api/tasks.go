package api

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/chatd/chatd/chat"
)

const (
	taskWorkers   = 2   // tasks that run at once
	maxTasks      = 200 // that are remembered
	tasksOfCaller = 10  // that wait or run
	taskFailures  = 100 // that are told
	tasksKeptFor  = time.Hour
)

// task is work that takes longer than a request. What a progress doesn't guard is set once.
type task struct {
	id, kind string
	by       chat.Actor
	at       time.Time
	key      string // of the attempt that asked for it; empty: none
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
	failures []Failure
	acts     []string
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
	if act != "" {
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

func (p *progress) unfinished() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state == TaskStateQueued || p.state == TaskStateRunning
}

// tasks are those of this node; they end with it.
type tasks struct {
	now   func() time.Time
	newID func() string
	log   *slog.Logger
	queue chan *task

	mu  sync.Mutex
	all []*task // guarded by mu; oldest first
}

func newTasks(now func() time.Time, newID func() string, log *slog.Logger) *tasks {
	return &tasks{now: now, newID: newID, log: log, queue: make(chan *task, maxTasks)}
}

var errCancelled = errors.New("the task was cancelled")

// start begins a task for who makes a request, or finds the one that the same request began before. work ends
// early with its context. Code too_many_tasks.
func (t *tasks) start(ctx context.Context, kind string, work func(context.Context, *progress) error) (Task, error) {
	k := callOf(ctx)
	key := ""
	if k.attempt != nil {
		key = k.attempt.key
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget()
	open := 0
	for _, x := range t.all {
		if x.by.ID != k.caller.actor.ID {
			continue
		}
		if key != "" && x.key == key {
			return x.show(), nil
		}
		if x.progress.unfinished() {
			open++
		}
	}
	if open >= tasksOfCaller || len(t.all) >= maxTasks {
		return Task{}, chat.Refuse(chat.RateLimited, "too_many_tasks", "Too many tasks are waiting. Try again when some are done.").After(10 * time.Second)
	}
	x := &task{id: t.newID(), kind: kind, by: k.caller.actor, at: t.now().UTC(), key: key, work: work}
	x.progress.state = TaskStateQueued
	x.ctx, x.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	t.all = append(t.all, x)
	t.queue <- x // never full: it holds as many as there may be
	return x.show(), nil
}

// forget drops tasks that ended long ago.
func (t *tasks) forget() {
	old := t.now().Add(-tasksKeptFor)
	t.all = slices.DeleteFunc(t.all, func(x *task) bool {
		x.progress.mu.Lock()
		defer x.progress.mu.Unlock()
		return !x.progress.ended.IsZero() && x.progress.ended.Before(old)
	})
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
			for {
				select {
				case x := <-t.queue:
					t.do(ctx, x)
				case <-ctx.Done():
					return
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
	x.cancel(nil)
}

// stop cancels a task, if it hasn't ended.
func (t *tasks) stop(x *task) {
	x.cancel(errCancelled)
	x.progress.mu.Lock()
	defer x.progress.mu.Unlock()
	if x.progress.state == TaskStateQueued {
		x.progress.state, x.progress.ended = TaskStateCancelled, t.now().UTC()
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
