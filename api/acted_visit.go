package api

import "net/http"

// acted answers every operation that acts.

func (a acted) VisitCreateRoomResponse(w http.ResponseWriter) error      { return a.write(w) }
func (a acted) VisitPutRoomResponse(w http.ResponseWriter) error         { return a.write(w) }
func (a acted) VisitConfigureRoomResponse(w http.ResponseWriter) error   { return a.write(w) }
func (a acted) VisitDeleteRoomResponse(w http.ResponseWriter) error      { return a.write(w) }
func (a acted) VisitArchiveRoomResponse(w http.ResponseWriter) error     { return a.write(w) }
func (a acted) VisitUnarchiveRoomResponse(w http.ResponseWriter) error   { return a.write(w) }
func (a acted) VisitClearRoomResponse(w http.ResponseWriter) error       { return a.write(w) }
func (a acted) VisitLockDownResponse(w http.ResponseWriter) error        { return a.write(w) }
func (a acted) VisitLiftLockdownResponse(w http.ResponseWriter) error    { return a.write(w) }
func (a acted) VisitPostMessageResponse(w http.ResponseWriter) error     { return a.write(w) }
func (a acted) VisitDeleteMessagesResponse(w http.ResponseWriter) error  { return a.write(w) }
func (a acted) VisitRestoreMessagesResponse(w http.ResponseWriter) error { return a.write(w) }
func (a acted) VisitDeleteMessageResponse(w http.ResponseWriter) error   { return a.write(w) }
func (a acted) VisitRestoreMessageResponse(w http.ResponseWriter) error  { return a.write(w) }
func (a acted) VisitPinMessageResponse(w http.ResponseWriter) error      { return a.write(w) }
func (a acted) VisitUnpinMessageResponse(w http.ResponseWriter) error    { return a.write(w) }
func (a acted) VisitPurgeResponse(w http.ResponseWriter) error           { return a.write(w) }
func (a acted) VisitReleaseHeldResponse(w http.ResponseWriter) error     { return a.write(w) }
func (a acted) VisitRefuseHeldResponse(w http.ResponseWriter) error      { return a.write(w) }
func (a acted) VisitMakeSanctionResponse(w http.ResponseWriter) error    { return a.write(w) }
func (a acted) VisitLiftSanctionsResponse(w http.ResponseWriter) error   { return a.write(w) }
func (a acted) VisitImportSanctionsResponse(w http.ResponseWriter) error { return a.write(w) }
func (a acted) VisitPutSanctionResponse(w http.ResponseWriter) error     { return a.write(w) }
func (a acted) VisitChangeSanctionResponse(w http.ResponseWriter) error  { return a.write(w) }
func (a acted) VisitLiftSanctionResponse(w http.ResponseWriter) error    { return a.write(w) }
func (a acted) VisitAddNoteResponse(w http.ResponseWriter) error         { return a.write(w) }
func (a acted) VisitDeleteNoteResponse(w http.ResponseWriter) error      { return a.write(w) }
func (a acted) VisitRevokeTokensResponse(w http.ResponseWriter) error    { return a.write(w) }
func (a acted) VisitDisconnectResponse(w http.ResponseWriter) error      { return a.write(w) }
func (a acted) VisitSendNoticeResponse(w http.ResponseWriter) error      { return a.write(w) }
func (a acted) VisitUndoActResponse(w http.ResponseWriter) error         { return a.write(w) }
