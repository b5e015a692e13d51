package api

import (
	"context"
	"net/http"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
)

// ListStaff implements GET /staff.
func (h *handler) ListStaff(ctx context.Context, in ListStaffRequestObject) (ListStaffResponseObject, error) {
	list := func(after string, limit int) ([]chat.StaffAccount, error) {
		return h.chat.ListStaff(ctx, callerOf(ctx).actor, after, limit)
	}
	items, next, err := pageOf(ctx, in.Params.Limit, list, func(a chat.StaffAccount) string { return a.Name }, toStaff)
	if err != nil {
		return nil, err
	}
	return ListStaff200JSONResponse{Items: items, Next: next}, nil
}

func toStaff(a chat.StaffAccount) Staff {
	return Staff{
		Name: a.Name, Role: Role(a.Role), Rooms: toRooms(a.Rooms), Disabled: a.Disabled, TOTP: len(a.TOTPSecret) > 0,
		MustChangePassword: a.MustChange, CreatedAt: a.CreatedAt.UTC(), LastSeen: optional(a.LastSeen), Version: a.Version,
	}
}

// ShowStaff implements GET /staff/{name}.
func (h *handler) ShowStaff(ctx context.Context, in ShowStaffRequestObject) (ShowStaffResponseObject, error) {
	a, err := h.chat.ShowStaff(ctx, callerOf(ctx).actor, in.Name)
	if err != nil {
		return nil, err
	}
	headersOf(ctx).Set("ETag", etagOf(a.Version))
	return ShowStaff200JSONResponse(toStaff(a)), nil
}

// ChangeStaff implements PATCH /staff/{name}.
func (h *handler) ChangeStaff(ctx context.Context, in ChangeStaffRequestObject) (ChangeStaffResponseObject, error) {
	version, err := ifMatch(ctx)
	if err != nil {
		return nil, err
	}
	p := chat.StaffPatch{Role: (*chat.StaffRole)(in.Body.Role), Disabled: in.Body.Disabled, Rooms: given(in.Body.Rooms)}
	return h.actThen(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.ChangeStaff(ctx, o, in.Name, p, version)
	}, func(r *ActResult) (int64, error) {
		a, err := h.chat.Accounts.Staff(ctx, in.Name)
		account := toStaff(a)
		r.Staff = &account
		return a.Version, err
	})
}

// RemoveStaff implements DELETE /staff/{name}.
func (h *handler) RemoveStaff(ctx context.Context, in RemoveStaffRequestObject) (RemoveStaffResponseObject, error) {
	version, err := ifMatch(ctx)
	if err != nil {
		return nil, err
	}
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.RemoveStaff(ctx, o, in.Name, version)
	})
}

// ResetStaffPassword implements POST /staff/{name}/password.
func (h *handler) ResetStaffPassword(ctx context.Context, in ResetStaffPasswordRequestObject) (ResetStaffPasswordResponseObject, error) {
	password := access.MakePassword()
	hash, err := h.gate.passwords.Hash(ctx, password)
	if err != nil {
		return nil, err
	}
	return h.act(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.ResetPassword(ctx, o, in.Name, hash)
	}, func(chat.Outcome) answer {
		return answer{status: http.StatusCreated, body: MadePassword{Password: password}}
	})
}

// RemoveStaffTOTP implements DELETE /staff/{name}/totp.
func (h *handler) RemoveStaffTOTP(ctx context.Context, in RemoveStaffTOTPRequestObject) (RemoveStaffTOTPResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.ResetTOTP(ctx, o, in.Name)
	})
}

// RevokeStaffSessions implements DELETE /staff/{name}/sessions.
func (h *handler) RevokeStaffSessions(ctx context.Context, in RevokeStaffSessionsRequestObject) (RevokeStaffSessionsResponseObject, error) {
	return h.did(ctx, func(ctx context.Context, o chat.Order) (chat.Outcome, error) {
		return h.chat.EndStaffSessions(ctx, o, in.Name)
	})
}
