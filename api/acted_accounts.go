package api

import "net/http"

// acted answers what is done to accounts, too.

func (a acted) VisitChangeStaffResponse(w http.ResponseWriter) error         { return a.write(w) }
func (a acted) VisitRemoveStaffResponse(w http.ResponseWriter) error         { return a.write(w) }
func (a acted) VisitResetStaffPasswordResponse(w http.ResponseWriter) error  { return a.write(w) }
func (a acted) VisitRemoveStaffTOTPResponse(w http.ResponseWriter) error     { return a.write(w) }
func (a acted) VisitRevokeStaffSessionsResponse(w http.ResponseWriter) error { return a.write(w) }
func (a acted) VisitMakeInviteResponse(w http.ResponseWriter) error          { return a.write(w) }
func (a acted) VisitRevokeInviteResponse(w http.ResponseWriter) error        { return a.write(w) }
func (a acted) VisitMakeKeyResponse(w http.ResponseWriter) error             { return a.write(w) }
func (a acted) VisitChangeKeyResponse(w http.ResponseWriter) error           { return a.write(w) }
func (a acted) VisitRevokeKeyResponse(w http.ResponseWriter) error           { return a.write(w) }
func (a acted) VisitRotateKeyResponse(w http.ResponseWriter) error           { return a.write(w) }
