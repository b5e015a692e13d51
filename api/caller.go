package api

import (
	"github.com/labstack/echo/v4"

	"github.com/chatd/chatd/chat"
)

// caller is who makes a request: a key, or a staff account with one of its sessions.
type caller struct {
	actor   chat.Actor
	kind    MeKind // empty: nobody is known
	account chat.StaffAccount
	session chat.StaffSession
	key     chat.APIKey
}

// withoutPasswordChange are the operations that an account may use before it has a password of its own.
var withoutPasswordChange = map[string]bool{"showMe": true, "changePassword": true, "logOut": true}

// authorize refuses who lacks the scope that the contract names. The core asks again.
func authorize(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		k := callOf(c.Request().Context())
		if k.op.public {
			return next(c)
		}
		if k.caller.account.MustChange && !withoutPasswordChange[k.op.id] {
			return chat.Refuse(chat.Forbidden, "password_change_required", "Change your password first: it was made for you.")
		}
		if s := k.op.scope; s != "" && !k.caller.actor.Grant.Has(s) {
			return chat.Refuse(chat.Forbidden, "scope_missing", "This needs the scope %s, which you don't have.", s)
		}
		return next(c)
	}
}

func notStaff() error {
	return chat.Refuse(chat.Forbidden, "not_staff", "This is for staff accounts; keys have neither password nor sessions.")
}
