package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/chatd/chatd/chat"
)

// exportChunk is how many acts an export reads, and writes, at a time.
const exportChunk = 200

// ExportActs implements GET /acts/export.
func (h *handler) ExportActs(ctx context.Context, in ExportActsRequestObject) (ExportActsResponseObject, error) {
	e := export{ctx: ctx, list: h.chat.ListActs, by: callerOf(ctx).actor, query: actQuery(in.Params)}
	e.query.Limit = exportChunk
	// The first chunk before the answer begins, so that a refusal still has a status.
	if err := e.read(); err != nil {
		return nil, err
	}
	return e, nil
}

// export writes acts as they are read: it holds one chunk, however many there are.
type export struct {
	ctx   context.Context // of the request
	list  func(context.Context, chat.Actor, chat.ActQuery) ([]chat.Act, error)
	by    chat.Actor
	query chat.ActQuery
	acts  []chat.Act
}

func (e *export) read() error {
	var err error
	if e.acts, err = e.list(e.ctx, e.by, e.query); err != nil {
		return fmt.Errorf("read acts: %w", err)
	}
	if n := len(e.acts); n > 0 {
		e.query.Before = e.acts[n-1].Pos
	}
	return nil
}

// VisitExportActsResponse implements ExportActsResponseObject. An error after the first line can only cut the answer
// short: the client sees that it has no end.
func (e export) VisitExportActsResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w)
	lines := json.NewEncoder(w)
	for {
		// The server bounds a whole answer; this one is bounded by the chunk.
		if err := flush.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("write acts: %w", err)
		}
		for _, a := range e.acts {
			if err := lines.Encode(toActDetail(a)); err != nil {
				return fmt.Errorf("write act: %w", err)
			}
		}
		if err := flush.Flush(); err != nil {
			return fmt.Errorf("flush acts: %w", err)
		}
		if len(e.acts) < exportChunk {
			return nil
		}
		if err := e.read(); err != nil {
			return err
		}
	}
}
