package chat

import "context"

// Replies keeps the answers to requests that may be repeated. Acts keep theirs within their own transaction (Deed.Keep); what
// is no act keeps it here.
type Replies interface {
	// KeptReply finds the answer to an earlier request; false: there is none. idempotency_mismatch.
	KeptReply(ctx context.Context, caller UserID, key string, fingerprint []byte) (KeptReply, bool, error)
	// KeepReply keeps an answer for KeepFor, unless there is one: then it returns that one, and true. Of two who call it at once
	// one hears false. k.Reply isn't asked. idempotency_mismatch.
	KeepReply(ctx context.Context, k Keep, r KeptReply) (KeptReply, bool, error)
	// ChangeReply puts another answer in the place of one that KeepReply kept; for how long that is kept stays. Where there is
	// none any more, nothing happens.
	ChangeReply(ctx context.Context, k Keep, r KeptReply) error
}
