package api

import (
	"context"

	"github.com/chatd/chatd/api/live"
	"github.com/chatd/chatd/chat"
)

// handler implements the operations of openapi.yaml over the core.
type handler struct {
	chat    *chat.Service
	gate    *gate
	secret  []byte
	tasks   *tasks
	live    *live.Meter
	streams streams
	figures figures
	leaving <-chan struct{} // closed when the node begins to stop
}

var _ StrictServerInterface = (*handler)(nil)

// identify asks again who makes a request that takes long: their credentials may be worthless by now, or their role another.
func (h *handler) identify(ctx context.Context, k *call) (caller, error) {
	who, err := h.gate.still(ctx, k)
	if err == nil && k.op.scope != "" && !who.actor.Grant.Has(k.op.scope) {
		err = chat.Refuse(chat.Forbidden, "scope_missing", "This needs the scope %s, which you don't have.", k.op.scope)
	}
	return who, err
}
