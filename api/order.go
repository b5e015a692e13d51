package api

import (
	"context"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/chatd/chatd/chat"
)

// retryRunning is when to ask again for what is under way.
const retryRunning = time.Second

// dryRun reports whether a request asks what would happen. checkQuery has let nothing pass but true and false.
func (k *call) dryRun() bool { return k.request.URL.Query().Get("dry_run") == "true" }

// orderOf reads how an act is asked for: who asks, X-Reason, dry_run, Idempotency-Key. What a body says of it
// (force) is up to the handler. Code reason_invalid.
func orderOf(ctx context.Context) (chat.Order, error) {
	k := callOf(ctx)
	o := chat.Order{By: k.caller.actor, DryRun: k.dryRun()}
	if text := k.request.Header.Get("X-Reason"); text != "" {
		reason, err := url.PathUnescape(text)
		if err != nil || !utf8.ValidString(reason) {
			return chat.Order{}, chat.Refuse(chat.Invalid, "reason_invalid", "X-Reason is percent-encoded UTF-8.")
		}
		o.Reason = reason
	}
	if a := k.attempt; a != nil {
		o.Keep = &chat.Keep{Caller: a.caller, Key: a.key, Fingerprint: a.fingerprint}
	}
	return o, nil
}
