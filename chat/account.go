package chat

import (
	"context"
	"time"
)

// StaffAccount is a person who may log in to the dashboard.
type StaffAccount struct {
	Name         string
	Role         string
	PasswordHash string
	MustChange   bool // the password is to be changed at the next log-in
	CreatedAt    time.Time
}

// APIKey is a key for automation; of the key itself only a hash is kept.
type APIKey struct {
	ID        string
	Prefix    string // the public start of the key, by which it is found
	Hash      []byte
	Label     string
	CreatedAt time.Time
}

// Accounts keeps who may use the API.
type Accounts interface {
	// AddStaff stores a new account; staff_exists where the name is taken.
	AddStaff(ctx context.Context, a StaffAccount) error
	// Staff finds an account by its name; staff_not_found.
	Staff(ctx context.Context, name string) (StaffAccount, error)
	// CountStaff counts the accounts.
	CountStaff(ctx context.Context) (int, error)
	// AddKey stores a new key; its ID and Prefix are the caller's.
	AddKey(ctx context.Context, k APIKey) error
	// KeyByPrefix finds a key by its public start; key_not_found.
	KeyByPrefix(ctx context.Context, prefix string) (APIKey, error)
	// CountKeys counts the keys.
	CountKeys(ctx context.Context) (int, error)
}
