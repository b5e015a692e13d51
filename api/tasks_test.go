package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// taskRoom is tasks that run, on a clock of the test's.
type taskRoom struct {
	*tasks
	now time.Time
}

func newTaskRoom(t *testing.T) *taskRoom {
	t.Helper()
	r := &taskRoom{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	ids := 0
	r.tasks = newTasks(nil, func() time.Time { return r.now }, func() string { ids++; return fmt.Sprint("task-", ids) }, slog.New(slog.DiscardHandler))
	return r
}

// run works until the test ends.
func (r *taskRoom) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.tasks.run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
}

func asCaller(ctx context.Context, a chat.Actor) context.Context {
	return context.WithValue(ctx, callKey{}, &call{caller: caller{actor: a}})
}

var taskMia = chat.Actor{ID: "s:mia", Grant: chat.GrantOf(chat.StaffModerator, nil)}

func (r *taskRoom) state(t *testing.T, id string) Task {
	t.Helper()
	x, err := r.find(taskMia, id)
	if err != nil {
		t.Fatal(err)
	}
	return x.show()
}

// wait returns a task when its work has ended.
func (r *taskRoom) wait(t *testing.T, id string) Task {
	t.Helper()
	x, err := r.find(taskMia, id)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-x.ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the task doesn't end")
	}
	return x.show()
}

func TestTaskRuns(t *testing.T) {
	r := newTaskRoom(t)
	r.run(t)
	begun, err := r.start(asCaller(t.Context(), taskMia), "count", func(_ context.Context, p *progress) error {
		p.expect(3)
		p.did("act-1")
		p.did("")
		p.failed("x", chat.Refuse(chat.NotFound, "act_not_found", "There is no such act."))
		return nil
	})
	if err != nil || begun.Kind != "count" || begun.By != "s:mia" {
		t.Fatalf("got %+v, %v", begun, err)
	}
	got := r.wait(t, begun.ID)
	if got.State != TaskStateDone || got.Done != 3 || *got.Total != 3 || len(got.Acts) != 1 || len(got.Failures) != 1 || got.EndedAt == nil {
		t.Errorf("got %+v", got)
	}
}

func TestTaskFails(t *testing.T) {
	for name, work := range map[string]func(context.Context, *progress) error{
		"by an error": func(context.Context, *progress) error { return errors.New("planted") },
		"by a panic":  func(context.Context, *progress) error { panic("planted") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newTaskRoom(t)
			r.run(t)
			begun, err := r.start(asCaller(t.Context(), taskMia), "fail", work)
			if err != nil {
				t.Fatal(err)
			}
			got := r.wait(t, begun.ID)
			if got.State != TaskStateFailed || len(got.Failures) != 1 || got.Failures[0].Code != "internal" {
				t.Errorf("got %+v, want a failure that tells nothing", got)
			}
		})
	}
}

func TestTaskIsCancelled(t *testing.T) {
	r := newTaskRoom(t)
	waits := func(ctx context.Context, _ *progress) error { <-ctx.Done(); return ctx.Err() }
	queued, err := r.start(asCaller(t.Context(), taskMia), "wait", waits)
	if err != nil || queued.State != TaskStateQueued {
		t.Fatalf("got %+v, %v, want it queued", queued, err)
	}
	x, _ := r.find(taskMia, queued.ID)
	r.stop(x)
	if got := r.state(t, queued.ID); got.State != TaskStateCancelled || got.EndedAt == nil {
		t.Errorf("got %+v of a task that was cancelled before it began", got)
	}
	running := make(chan struct{})
	second, err := r.start(asCaller(t.Context(), taskMia), "wait", func(ctx context.Context, _ *progress) error {
		close(running)
		<-ctx.Done()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.tasks.run(ctx); close(ended) }()
	<-running
	x, _ = r.find(taskMia, second.ID)
	r.stop(x)
	cancel()
	<-ended
	if got := r.state(t, second.ID); got.State != TaskStateCancelled {
		t.Errorf("got %+v", got)
	}
	if got := r.state(t, queued.ID); got.State != TaskStateCancelled {
		t.Errorf("got %+v: what was cancelled ran", got)
	}
}

func TestTasksEndWithTheServer(t *testing.T) {
	r := newTaskRoom(t)
	begun, err := r.start(asCaller(t.Context(), taskMia), "wait", func(ctx context.Context, _ *progress) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.tasks.run(ctx); close(ended) }()
	cancel()
	<-ended
	if got := r.state(t, begun.ID); got.State == TaskStateRunning || got.State == TaskStateDone {
		t.Errorf("got %+v after the end", got)
	}
}

func TestTasksAreBoundedAndForgotten(t *testing.T) {
	r := newTaskRoom(t)
	none := func(context.Context, *progress) error { return nil }
	first, err := r.start(asCaller(t.Context(), taskMia), "none", none)
	if err != nil {
		t.Fatal(err)
	}
	for range openOfCaller - 1 {
		if _, err := r.start(asCaller(t.Context(), taskMia), "none", none); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.start(asCaller(t.Context(), taskMia), "none", none); chat.CodeOf(err) != "too_many_tasks" {
		t.Errorf("got %v, want too_many_tasks", err)
	}
	admin := chat.Actor{ID: "s:ada", Grant: chat.GrantOf(chat.Admin, nil)}
	if _, err := r.find(admin, first.ID); err != nil {
		t.Errorf("got %v, want admins to see every task", err)
	}
	if _, err := r.find(chat.Actor{ID: "s:eve", Grant: chat.GrantOf(chat.StaffModerator, nil)}, first.ID); chat.CodeOf(err) != "task_not_found" {
		t.Errorf("got %v for another's task, want task_not_found", err)
	}
	x, _ := r.find(taskMia, first.ID)
	r.stop(x)
	r.now = r.now.Add(tasksKeptFor + 1)
	if _, err := r.find(taskMia, first.ID); chat.CodeOf(err) != "task_not_found" {
		t.Errorf("got %v an hour after its end, want it forgotten", err)
	}
}

// TestEndedTasksHoldNobodyUp begins and ends many more than may be open.
func TestEndedTasksHoldNobodyUp(t *testing.T) {
	r := newTaskRoom(t)
	none := func(context.Context, *progress) error { return nil }
	ctx := asCaller(t.Context(), taskMia)
	var last Task
	for range 3 * openTasks { // nobody works: they only wait, and are cancelled
		var err error
		if last, err = r.start(ctx, "none", none); err != nil {
			t.Fatal(err)
		}
		x, err := r.find(taskMia, last.ID)
		if err != nil {
			t.Fatal(err)
		}
		r.stop(x)
	}
	if _, err := r.start(asCaller(t.Context(), chat.Actor{ID: "s:bob"}), "none", none); err != nil {
		t.Errorf("got %v for another caller", err)
	}
	if n := len(r.all); n > endedOfCaller+2 {
		t.Errorf("got %d tasks remembered, want at most %d of a caller that ended", n, endedOfCaller)
	}
	if got := r.state(t, last.ID); got.State != TaskStateCancelled {
		t.Errorf("got %+v of the latest", got)
	}
	r.run(t)
}

func TestTasksTellFewActs(t *testing.T) {
	var p progress
	for range 3 * taskActs {
		p.did("act")
	}
	if len(p.acts) != taskActs || p.done != 3*taskActs {
		t.Errorf("got %d acts of %d", len(p.acts), p.done)
	}
}
