package api

import (
	"context"
	"errors"
)

// identity

func (h *handler) ListSessions(context.Context, ListSessionsRequestObject) (ListSessionsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RevokeOtherSessions(context.Context, RevokeOtherSessionsRequestObject) (RevokeOtherSessionsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RevokeSession(context.Context, RevokeSessionRequestObject) (RevokeSessionResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ChangePassword(context.Context, ChangePasswordRequestObject) (ChangePasswordResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) StartTOTP(context.Context, StartTOTPRequestObject) (StartTOTPResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ConfirmTOTP(context.Context, ConfirmTOTPRequestObject) (ConfirmTOTPResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RemoveTOTP(context.Context, RemoveTOTPRequestObject) (RemoveTOTPResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) NewRecoveryCodes(context.Context, NewRecoveryCodesRequestObject) (NewRecoveryCodesResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) LogIn(context.Context, LogInRequestObject) (LogInResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) LogOut(context.Context, LogOutRequestObject) (LogOutResponseObject, error) {
	return nil, errors.New("pending")
}

// staff

func (h *handler) ListStaff(context.Context, ListStaffRequestObject) (ListStaffResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ShowStaff(context.Context, ShowStaffRequestObject) (ShowStaffResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ChangeStaff(context.Context, ChangeStaffRequestObject) (ChangeStaffResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RemoveStaff(context.Context, RemoveStaffRequestObject) (RemoveStaffResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ResetStaffPassword(context.Context, ResetStaffPasswordRequestObject) (ResetStaffPasswordResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RemoveStaffTOTP(context.Context, RemoveStaffTOTPRequestObject) (RemoveStaffTOTPResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RevokeStaffSessions(context.Context, RevokeStaffSessionsRequestObject) (RevokeStaffSessionsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ListInvites(context.Context, ListInvitesRequestObject) (ListInvitesResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) MakeInvite(context.Context, MakeInviteRequestObject) (MakeInviteResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) AcceptInvite(context.Context, AcceptInviteRequestObject) (AcceptInviteResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RevokeInvite(context.Context, RevokeInviteRequestObject) (RevokeInviteResponseObject, error) {
	return nil, errors.New("pending")
}

// keys

func (h *handler) ListKeys(context.Context, ListKeysRequestObject) (ListKeysResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) MakeKey(context.Context, MakeKeyRequestObject) (MakeKeyResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ShowKey(context.Context, ShowKeyRequestObject) (ShowKeyResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ChangeKey(context.Context, ChangeKeyRequestObject) (ChangeKeyResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RevokeKey(context.Context, RevokeKeyRequestObject) (RevokeKeyResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RotateKey(context.Context, RotateKeyRequestObject) (RotateKeyResponseObject, error) {
	return nil, errors.New("pending")
}

// rooms

func (h *handler) CreateRoom(context.Context, CreateRoomRequestObject) (CreateRoomResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) PutRoom(context.Context, PutRoomRequestObject) (PutRoomResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ConfigureRoom(context.Context, ConfigureRoomRequestObject) (ConfigureRoomResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) DeleteRoom(context.Context, DeleteRoomRequestObject) (DeleteRoomResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ArchiveRoom(context.Context, ArchiveRoomRequestObject) (ArchiveRoomResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) UnarchiveRoom(context.Context, UnarchiveRoomRequestObject) (UnarchiveRoomResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ClearRoom(context.Context, ClearRoomRequestObject) (ClearRoomResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ListMembers(context.Context, ListMembersRequestObject) (ListMembersResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ListTemplates(context.Context, ListTemplatesRequestObject) (ListTemplatesResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ListLockdowns(context.Context, ListLockdownsRequestObject) (ListLockdownsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) LockDown(context.Context, LockDownRequestObject) (LockDownResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) LiftLockdown(context.Context, LiftLockdownRequestObject) (LiftLockdownResponseObject, error) {
	return nil, errors.New("pending")
}

// messages

func (h *handler) DeleteMessages(context.Context, DeleteMessagesRequestObject) (DeleteMessagesResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RestoreMessages(context.Context, RestoreMessagesRequestObject) (RestoreMessagesResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ShowMessage(context.Context, ShowMessageRequestObject) (ShowMessageResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) DeleteMessage(context.Context, DeleteMessageRequestObject) (DeleteMessageResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RestoreMessage(context.Context, RestoreMessageRequestObject) (RestoreMessageResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) PinMessage(context.Context, PinMessageRequestObject) (PinMessageResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) UnpinMessage(context.Context, UnpinMessageRequestObject) (UnpinMessageResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) SearchMessages(context.Context, SearchMessagesRequestObject) (SearchMessagesResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) Purge(context.Context, PurgeRequestObject) (PurgeResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ListHeld(context.Context, ListHeldRequestObject) (ListHeldResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ReleaseHeld(context.Context, ReleaseHeldRequestObject) (ReleaseHeldResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RefuseHeld(context.Context, RefuseHeldRequestObject) (RefuseHeldResponseObject, error) {
	return nil, errors.New("pending")
}

// sanctions

func (h *handler) ListSanctions(context.Context, ListSanctionsRequestObject) (ListSanctionsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) MakeSanction(context.Context, MakeSanctionRequestObject) (MakeSanctionResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) LiftSanctions(context.Context, LiftSanctionsRequestObject) (LiftSanctionsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ImportSanctions(context.Context, ImportSanctionsRequestObject) (ImportSanctionsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ShowSanction(context.Context, ShowSanctionRequestObject) (ShowSanctionResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) PutSanction(context.Context, PutSanctionRequestObject) (PutSanctionResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ChangeSanction(context.Context, ChangeSanctionRequestObject) (ChangeSanctionResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) LiftSanction(context.Context, LiftSanctionRequestObject) (LiftSanctionResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ListPresets(context.Context, ListPresetsRequestObject) (ListPresetsResponseObject, error) {
	return nil, errors.New("pending")
}

// users

func (h *handler) ListUsers(context.Context, ListUsersRequestObject) (ListUsersResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ShowUser(context.Context, ShowUserRequestObject) (ShowUserResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) LikelySame(context.Context, LikelySameRequestObject) (LikelySameResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ListNotes(context.Context, ListNotesRequestObject) (ListNotesResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) AddNote(context.Context, AddNoteRequestObject) (AddNoteResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) DeleteNote(context.Context, DeleteNoteRequestObject) (DeleteNoteResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) RevokeTokens(context.Context, RevokeTokensRequestObject) (RevokeTokensResponseObject, error) {
	return nil, errors.New("pending")
}

// connections

func (h *handler) ListConnections(context.Context, ListConnectionsRequestObject) (ListConnectionsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) Disconnect(context.Context, DisconnectRequestObject) (DisconnectResponseObject, error) {
	return nil, errors.New("pending")
}

// notices

func (h *handler) SendNotice(context.Context, SendNoticeRequestObject) (SendNoticeResponseObject, error) {
	return nil, errors.New("pending")
}

// acts

func (h *handler) ListActs(context.Context, ListActsRequestObject) (ListActsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ExportActs(context.Context, ExportActsRequestObject) (ExportActsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) UndoActs(context.Context, UndoActsRequestObject) (UndoActsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ShowAct(context.Context, ShowActRequestObject) (ShowActResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) UndoAct(context.Context, UndoActRequestObject) (UndoActResponseObject, error) {
	return nil, errors.New("pending")
}

// tasks

func (h *handler) ShowTask(context.Context, ShowTaskRequestObject) (ShowTaskResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) CancelTask(context.Context, CancelTaskRequestObject) (CancelTaskResponseObject, error) {
	return nil, errors.New("pending")
}

// stats

func (h *handler) ShowStats(context.Context, ShowStatsRequestObject) (ShowStatsResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) ListSeries(context.Context, ListSeriesRequestObject) (ListSeriesResponseObject, error) {
	return nil, errors.New("pending")
}

func (h *handler) Stream(context.Context, StreamRequestObject) (StreamResponseObject, error) {
	return nil, errors.New("pending")
}
