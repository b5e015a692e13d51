package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/chatd/chatd/chat"
)

// answer is what a handler makes of what an act came to.
type answer struct {
	status  int
	version int64 // of what is answered, for its ETag; 0: none
	body    any
}

// acted is the answer to an act, as it is sent and as it is kept for a repetition of the request.
type acted struct {
	status int
	body   []byte
}

// act asks the core for an act and answers it. What render makes is made within the act's transaction, too, where the
// request may be repeated: it must be quick and ask nobody. A dry run answers 200 with what would happen, whatever
// the act itself would answer.
func (h *handler) act(
	ctx context.Context, do func(context.Context, chat.Order) (chat.Outcome, error), render func(chat.Outcome) answer,
) (acted, error) {
	o, err := orderOf(ctx)
	if err != nil {
		return acted{}, err
	}
	if a := callOf(ctx).attempt; a != nil {
		o.Reply = func(out chat.Outcome) (chat.KeptReply, error) {
			return a.keep(render(out), out.Act.ID)
		}
	}
	out, err := do(ctx, o)
	switch {
	case err != nil:
		return acted{}, err
	case out.Kept != nil:
		return acted{}, errReplay{*out.Kept}
	case out.DryRun:
		return encode(answer{status: http.StatusOK, body: h.toActResult(ctx, out)})
	}
	ans := render(out)
	tellAct(ctx, out.Act.ID, ans.version)
	return encode(ans)
}

// did is act, for what answers 200 with an ActResult.
func (h *handler) did(ctx context.Context, do func(context.Context, chat.Order) (chat.Outcome, error)) (acted, error) {
	return h.act(ctx, do, func(out chat.Outcome) answer {
		return answer{status: http.StatusOK, body: h.toActResult(ctx, out)}
	})
}

// actThen is did, for what isn't repeated: then adds to the result what was changed, as it is now, and says its version.
func (h *handler) actThen(
	ctx context.Context, do func(context.Context, chat.Order) (chat.Outcome, error), then func(*ActResult) (int64, error),
) (acted, error) {
	o, err := orderOf(ctx)
	if err != nil {
		return acted{}, err
	}
	out, err := do(ctx, o)
	if err != nil {
		return acted{}, err
	}
	r := h.toActResult(ctx, out)
	if out.DryRun {
		return encode(answer{status: http.StatusOK, body: r})
	}
	version, err := then(&r)
	if err != nil {
		return acted{}, err
	}
	tellAct(ctx, out.Act.ID, version)
	return encode(answer{status: http.StatusOK, body: r})
}

// actOnList is did, for an act on a list of ids: the answer says to which it was done. That the only one isn't there is
// said of it, as of one of many.
func (h *handler) actOnList(
	ctx context.Context, ids []string, do func(context.Context, chat.Order) (chat.Outcome, error),
) (acted, error) {
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		out, err := do(ctx, o)
		if len(ids) == 1 && chat.IsKind(err, chat.NotFound) {
			return chat.Outcome{DryRun: o.DryRun, Failed: []chat.Failure{{ID: ids[0], Why: chat.AsError(err)}}}, nil
		}
		return out, err
	}, func(out chat.Outcome) answer {
		return answer{status: http.StatusOK, body: listed(h.toActResult(ctx, out), ids)}
	})
}

// tellAct says in the headers which act it was, and of which version what is answered is.
func tellAct(ctx context.Context, act chat.ActID, version int64) {
	if act != "" {
		headersOf(ctx).Set("X-Act-Id", string(act))
	}
	if version != 0 {
		headersOf(ctx).Set("ETag", etagOf(version))
	}
}

func encode(a answer) (acted, error) {
	body, err := json.Marshal(a.body)
	if err != nil {
		return acted{}, fmt.Errorf("encode answer: %w", err)
	}
	return acted{a.status, append(body, '\n')}, nil
}

func (a acted) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, err := w.Write(a.body)
	return err
}
