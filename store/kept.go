package store

import (
	"context"
	"fmt"

	"github.com/chatd/chatd/chat"
)

// KeepReply implements chat.Replies.
func (s *Store) KeepReply(ctx context.Context, k chat.Keep, r chat.KeptReply) (chat.KeptReply, bool, error) {
	now := s.cfg.Clock()
	after := millis(now.Add(-chat.KeepFor))
	there := false
	err := s.inWrite(ctx, func(q querier) error {
		if _, err := q.ExecContext(ctx, `DELETE FROM kept WHERE caller = $1 AND name = $2 AND at <= $3`,
			string(k.Caller), k.Key, after); err != nil {
			return err
		}
		kept, err := hit(q.ExecContext(ctx, `INSERT INTO kept (caller, name, fingerprint, status, body, act, etag, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (caller, name) DO NOTHING`,
			string(k.Caller), k.Key, k.Fingerprint, r.Status, bytesOf(r.Body), string(r.Act), r.ETag, millis(now)))
		if err != nil || kept {
			return err
		}
		r, there, err = loadKept(ctx, q, k.Caller, k.Key, k.Fingerprint, after)
		return err
	})
	if err != nil {
		return chat.KeptReply{}, false, fmt.Errorf("keep reply: %w", err)
	}
	return r, there, nil
}

// ChangeReply implements chat.Replies.
func (s *Store) ChangeReply(ctx context.Context, k chat.Keep, r chat.KeptReply) error {
	_, err := s.write.ExecContext(ctx, `UPDATE kept SET status = $4, body = $5, act = $6, etag = $7
		WHERE caller = $1 AND name = $2 AND fingerprint = $3`,
		string(k.Caller), k.Key, k.Fingerprint, r.Status, bytesOf(r.Body), string(r.Act), r.ETag)
	if err != nil {
		return fmt.Errorf("change reply: %w", s.passing(err))
	}
	return nil
}

// bytesOf is b as a column takes it that isn't NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
