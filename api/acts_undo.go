package api

import (
	"context"
	"time"

	"github.com/chatd/chatd/chat"
)

// UndoActs implements POST /acts/undo.
func (h *handler) UndoActs(ctx context.Context, in UndoActsRequestObject) (UndoActsResponseObject, error) {
	o, err := orderOf(ctx)
	if err != nil {
		return nil, err
	}
	by, since := chat.UserID(in.Body.By), in.Body.Since
	if o.DryRun {
		out, err := h.chat.PreviewUndoSince(ctx, o, by, since)
		if err != nil {
			return nil, err
		}
		return UndoActs200JSONResponse(h.toActResult(ctx, out)), nil
	}
	if err := h.chat.CheckUndoSince(o); err != nil {
		return nil, err
	}
	k := callOf(ctx)
	t, err := h.tasks.start(ctx, "acts.undo", func(ctx context.Context, p *progress) error {
		return h.undoSince(ctx, k, o, by, since, p)
	})
	if err != nil {
		return nil, err
	}
	return UndoActs202JSONResponse(t), nil
}

// undoSince is the work of the task. Whoever asked for it may lose their rights before it is done: then the rest stays.
func (h *handler) undoSince(
	ctx context.Context, k *call, o chat.Order, by chat.UserID, since time.Time, p *progress,
) error {
	var lost error
	failures := 0
	made, err := h.chat.UndoSince(ctx, o, by, since, func(_ int, failed []chat.Failure) bool {
		if len(failed) > failures {
			failures = len(failed)
			p.failed(failed[failures-1].ID, failed[failures-1].Why)
		} else {
			p.did("")
		}
		_, lost = h.identify(ctx, k)
		return lost == nil
	})
	p.made(made)
	if err == nil {
		err = lost
	}
	return err
}

// made notes acts that a task has done.
func (p *progress) made(acts []chat.ActID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, act := range acts {
		p.note(act)
	}
}
