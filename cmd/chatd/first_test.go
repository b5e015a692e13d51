package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/config"
)

// fullAccounts has no room for a key.
type fullAccounts struct {
	chat.Accounts
	staff int // accounts that were stored
}

var errFull = errors.New("no space left on device")

func (*fullAccounts) KeyByPrefix(context.Context, string) (chat.APIKey, error) {
	return chat.APIKey{}, chat.Refuse(chat.NotFound, "key_not_found", "")
}
func (*fullAccounts) CountKeys(context.Context) (int, error)                { return 0, nil }
func (*fullAccounts) FirstKey(context.Context, chat.APIKey) error           { return errFull }
func (f *fullAccounts) CountStaff(context.Context) (int, error)             { return f.staff, nil }
func (f *fullAccounts) FirstStaff(context.Context, chat.StaffAccount) error { f.staff++; return nil }

// TestAccountIsMadeLast shows that no password is made that nobody would be told.
func TestAccountIsMadeLast(t *testing.T) {
	f := &fullAccounts{}
	_, err := firstStart(t.Context(), f, access.NewPasswords(1), config.Settings{APIKey: apiKey}, slog.New(slog.DiscardHandler))
	if !errors.Is(err, errFull) {
		t.Errorf("got %v, want the key's error", err)
	}
	if f.staff != 0 {
		t.Error("the account is stored, and its password is lost")
	}
}
