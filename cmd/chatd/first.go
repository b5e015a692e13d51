package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/config"
)

// adminName is the staff account that the first start makes.
const adminName = "admin"

// firstStart makes what a new database needs: the API key of the configuration, and the
// account admin. It returns the password that it made, if it made one. The account comes
// last: once it is stored, nothing but this return tells the password.
func firstStart(ctx context.Context, accounts chat.Accounts, passwords *access.Passwords, s config.Settings, log *slog.Logger) (made string, err error) {
	if err := firstKey(ctx, accounts, string(s.APIKey), log); err != nil {
		return "", err
	}
	return firstAccount(ctx, accounts, passwords, string(s.AdminPassword))
}

func firstAccount(ctx context.Context, accounts chat.Accounts, passwords *access.Passwords, password string) (made string, err error) {
	n, err := accounts.CountStaff(ctx)
	if err != nil {
		return "", fmt.Errorf("count staff: %w", err)
	}
	if n > 0 {
		return "", nil
	}
	if password == "" {
		made = access.MakePassword()
		password = made
	}
	hash, err := passwords.Hash(ctx, password)
	if err != nil {
		return "", fmt.Errorf("hash the first password: %w", err)
	}
	err = accounts.FirstStaff(ctx, chat.StaffAccount{
		Name: adminName, Role: chat.Owner, PasswordHash: hash, MustChange: made != "", CreatedAt: time.Now().UTC(), Version: 1,
	})
	if chat.CodeOf(err) == "staff_exists" {
		return "", nil // another node was first
	}
	return made, err
}

func firstKey(ctx context.Context, accounts chat.Accounts, secret string, log *slog.Logger) error {
	if secret == "" {
		return nil
	}
	prefix, hash, err := access.ParseKey(secret)
	if err != nil {
		return fmt.Errorf("CHATD_API_KEY: %w", err)
	}
	switch _, err := accounts.KeyByPrefix(ctx, prefix); {
	case err == nil:
		return nil
	case !chat.IsKind(err, chat.NotFound):
		return fmt.Errorf("find the first API key: %w", err)
	}
	n, err := accounts.CountKeys(ctx)
	if err != nil {
		return fmt.Errorf("count API keys: %w", err)
	}
	if n > 0 {
		log.Warn("CHATD_API_KEY is not the key that the first start stored; it is ignored")
		return nil
	}
	err = accounts.FirstKey(ctx, chat.APIKey{
		ID: newID(), Prefix: prefix, Hash: hash, Label: "Automation", Grant: chat.Grant{Scopes: chat.Scopes()},
		By: chat.System, CreatedAt: time.Now().UTC(), Version: 1,
	})
	if err != nil {
		return fmt.Errorf("store the first API key: %w", err)
	}
	return nil
}
