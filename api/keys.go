package api

import (
	"context"
	"net/http"
	"time"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// defaultOverlap is how long the old secret of a key works where the request doesn't say.
const defaultOverlap = 24 * time.Hour

// ListKeys implements GET /keys.
func (h *handler) ListKeys(ctx context.Context, in ListKeysRequestObject) (ListKeysResponseObject, error) {
	list := func(after string, limit int) ([]chat.APIKey, error) {
		return h.chat.ListKeys(ctx, callerOf(ctx).actor, after, limit)
	}
	items, next, err := pageOf(ctx, in.Params.Limit, list, func(k chat.APIKey) string { return k.ID }, h.toKey)
	if err != nil {
		return nil, err
	}
	return ListKeys200JSONResponse{Items: items, Next: next}, nil
}

func (h *handler) toKey(k chat.APIKey) Key {
	out := Key{
		ID: k.ID, Label: k.Label, Prefix: k.Prefix, Scopes: toScopes(k.Grant.Scopes), Rooms: toRooms(k.Grant.Rooms),
		LongestBanSeconds: toSeconds(k.Grant.LongestBan), ActsPerHour: toCount(k.Grant.ActsPerHour), DryRunOnly: k.Grant.DryRunOnly,
		ExpiresAt: optional(k.ExpiresAt), By: string(k.By), At: k.CreatedAt.UTC(), LastUsedAt: optional(k.LastUsed), Version: k.Version,
	}
	if h.gate.now().Before(k.OldUntil) {
		out.OldSecretUntil = optional(k.OldUntil)
	}
	return out
}

// MakeKey implements POST /keys.
func (h *handler) MakeKey(ctx context.Context, in MakeKeyRequestObject) (MakeKeyResponseObject, error) {
	b := in.Body
	secret, prefix, hash := access.NewKey()
	k, err := h.chat.DraftKey(callerOf(ctx).actor, chat.APIKey{
		ID: h.gate.newID(), Prefix: prefix, Hash: hash, Label: b.Label, ExpiresAt: value(b.ExpiresAt),
		Grant: chat.Grant{
			Scopes: fromScopes(b.Scopes), Rooms: value(b.Rooms), LongestBan: seconds(value(b.LongestBanSeconds)),
			ActsPerHour: value(b.ActsPerHour), DryRunOnly: value(b.DryRunOnly),
		},
	})
	if err != nil {
		return nil, err
	}
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.MakeKey(ctx, o, k)
	}, func(chat.Outcome) answer {
		return answer{http.StatusCreated, k.Version, KeySecret{Key: h.toKey(k), Secret: secret}}
	})
}

// ShowKey implements GET /keys/{key}.
func (h *handler) ShowKey(ctx context.Context, in ShowKeyRequestObject) (ShowKeyResponseObject, error) {
	k, err := h.chat.ShowKey(ctx, callerOf(ctx).actor, in.Key)
	if err != nil {
		return nil, err
	}
	headersOf(ctx).Set("ETag", etagOf(k.Version))
	return ShowKey200JSONResponse(h.toKey(k)), nil
}

// ChangeKey implements PATCH /keys/{key}.
func (h *handler) ChangeKey(ctx context.Context, in ChangeKeyRequestObject) (ChangeKeyResponseObject, error) {
	version, err := ifMatch(ctx)
	if err != nil {
		return nil, err
	}
	return h.actThen(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.ChangeKey(ctx, o, in.Key, toKeyPatch(*in.Body), version)
	}, func(r *ActResult) (int64, error) {
		k, err := h.chat.Accounts.Key(ctx, in.Key)
		key := h.toKey(k)
		r.Key = &key
		return k.Version, err
	})
}

func toKeyPatch(b KeyPatch) chat.KeyPatch {
	p := chat.KeyPatch{
		Label: b.Label, Rooms: given(b.Rooms), ActsPerHour: given(b.ActsPerHour),
		DryRunOnly: b.DryRunOnly, ExpiresAt: given(b.ExpiresAt),
	}
	if b.Scopes != nil {
		scopes := fromScopes(*b.Scopes)
		p.Scopes = &scopes
	}
	if n := given(b.LongestBanSeconds); n != nil {
		longest := seconds(*n)
		p.LongestBan = &longest
	}
	return p
}

// RotateKey implements POST /keys/{key}/rotate.
func (h *handler) RotateKey(ctx context.Context, in RotateKeyRequestObject) (RotateKeyResponseObject, error) {
	overlap := defaultOverlap
	if in.Body.OverlapSeconds != nil {
		overlap = seconds(*in.Body.OverlapSeconds)
	}
	k, err := h.chat.Accounts.Key(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	secret, prefix, hash := access.NewKey()
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.RotateKey(ctx, o, in.Key, prefix, hash, overlap)
	}, func(out chat.Outcome) answer {
		k := k
		k.Prefix, k.OldUntil, k.Version = prefix, out.Act.At.Add(overlap), k.Version+1
		return answer{http.StatusCreated, k.Version, KeySecret{Key: h.toKey(k), Secret: secret}}
	})
}

// RevokeKey implements DELETE /keys/{key}.
func (h *handler) RevokeKey(ctx context.Context, in RevokeKeyRequestObject) (RevokeKeyResponseObject, error) {
	version, err := ifMatch(ctx)
	if err != nil {
		return nil, err
	}
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.RevokeKey(ctx, o, in.Key, version)
	})
}
