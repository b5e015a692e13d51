package chat

import (
	"context"
	"time"
)

// StaffAccount is a person who may log in to the dashboard.
type StaffAccount struct {
	Name         string // [a-z0-9][a-z0-9._-]{0,31}, for ever
	Role         StaffRole
	Rooms        []string // names or globs; nil: every room
	PasswordHash string
	MustChange   bool // the password is to be changed at the next log-in
	Disabled     bool
	TOTPSecret   []byte // nil: no second factor
	TOTPStep     int64  // the last time step (RFC 6238) that was used: none is used twice
	// Recovery are hashes of recovery codes that are left.
	Recovery  [][]byte
	CreatedAt time.Time
	LastSeen  time.Time
	Version   int64
}

// StaffPatch changes what isn't nil.
type StaffPatch struct {
	Role         *StaffRole
	Rooms        *[]string // points to nil: every room
	PasswordHash *string
	MustChange   *bool
	Disabled     *bool
	TOTPSecret   *[]byte
	Recovery     *[][]byte
}

// StaffSession is a log-in of staff. Of its token only a hash is kept.
type StaffSession struct {
	ID        string
	Staff     string
	Hash      []byte
	OldHash   []byte // of the token before it was rotated; holds until OldUntil
	OldUntil  time.Time
	CreatedAt time.Time
	SeenAt    time.Time
	RotatedAt time.Time
	ExpiresAt time.Time // whatever happens
	Addr      string
	Agent     string
}

// Invite lets one person make a staff account.
type Invite struct {
	ID        string
	Hash      []byte // of its token
	Role      StaffRole
	Rooms     []string
	By        UserID
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedBy    string // the account that was made; empty: none yet
}

// APIKey is a key for automation; of the key itself only a hash is kept.
type APIKey struct {
	ID        string
	Prefix    string // the public start of the key, by which it is found
	Hash      []byte
	OldPrefix string // of the secret before it was rotated; holds until OldUntil
	OldHash   []byte
	OldUntil  time.Time
	Label     string
	Grant     Grant // Role is empty
	By        UserID
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	LastUsed  time.Time // about: it is written once a minute
	RevokedAt time.Time
	Version   int64
}

// KeyPatch changes what isn't nil.
type KeyPatch struct {
	Label       *string
	Scopes      *[]Scope
	Rooms       *[]string
	LongestBan  *time.Duration
	ActsPerHour *int
	DryRunOnly  *bool
	ExpiresAt   *time.Time
}

// Accounts keeps who may use the API. What is decided about accounts goes through the Ledger; here is what is read, and
// what is no decision.
type Accounts interface {
	StaffBook
	StaffSessions
	Invites
	Keys
}

// StaffBook finds staff.
type StaffBook interface {
	// FirstStaff stores the first account; staff_exists where the name is taken.
	FirstStaff(ctx context.Context, a StaffAccount) error
	// Staff finds an account by its name; staff_not_found.
	Staff(ctx context.Context, name string) (StaffAccount, error)
	// ListStaff lists accounts by name, those after the given one.
	ListStaff(ctx context.Context, after string, limit int) ([]StaffAccount, error)
	// CountStaff counts the accounts.
	CountStaff(ctx context.Context) (int, error)
	// UseFactor notes that a second factor was used: a time step, or the recovery code with this hash, which is taken
	// away. False: it was used before.
	UseFactor(ctx context.Context, name string, step int64, recovery []byte) (bool, error)
}

// StaffSessions keeps log-ins.
type StaffSessions interface {
	AddSession(ctx context.Context, s StaffSession) error
	// SessionByHash finds a session by the hash of its token, or of the one before within OldUntil; session_not_found.
	SessionByHash(ctx context.Context, hash []byte, now time.Time) (StaffSession, error)
	// RotateSession gives a session a new token unless somebody else has (then it reports false), and notes that it was seen.
	RotateSession(ctx context.Context, id string, from, to []byte, oldUntil, at time.Time) (bool, error)
	// ReplaceToken puts another token in the place of one, if it still is the session's (else it reports false), and says until
	// when the one before that holds. For a token that never arrived; or, with from as to, for one that did.
	ReplaceToken(ctx context.Context, id string, from, to []byte, oldUntil, rotatedAt time.Time) (bool, error)
	// TouchSession notes when and from where a session was used.
	TouchSession(ctx context.Context, id, addr string, at time.Time) error
	// EndSession ends a session of the account; session_not_found.
	EndSession(ctx context.Context, staff, id string) error
	// SessionsOf lists the sessions of an account that have not expired, the latest first; of all accounts where it is empty.
	SessionsOf(ctx context.Context, staff string, now time.Time) ([]StaffSession, error)
}

// Invites finds invites.
type Invites interface {
	// InviteByHash finds an invite that is neither used nor expired; invite_not_found.
	InviteByHash(ctx context.Context, hash []byte, now time.Time) (Invite, error)
	// ListInvites lists those that are neither used nor expired, by id.
	ListInvites(ctx context.Context, after string, limit int, now time.Time) ([]Invite, error)
}

// Keys finds API keys.
type Keys interface {
	// FirstKey stores a key without a record: on the first start.
	FirstKey(ctx context.Context, k APIKey) error
	// KeyByPrefix finds a key by the public start of its secret, or of the one before; key_not_found. Revoked and expired ones are found too.
	KeyByPrefix(ctx context.Context, prefix string) (APIKey, error)
	// Key finds a key by its id; key_not_found.
	Key(ctx context.Context, id string) (APIKey, error)
	// ListKeys lists keys by id, revoked ones too.
	ListKeys(ctx context.Context, after string, limit int) ([]APIKey, error)
	// CountKeys counts the keys.
	CountKeys(ctx context.Context) (int, error)
	// TouchKeys notes when keys were last used.
	TouchKeys(ctx context.Context, used map[string]time.Time) error
}
