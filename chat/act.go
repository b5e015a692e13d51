package chat

import (
	"context"
	"time"
)

// ActKind says what somebody did.
type ActKind string

// The kinds of act.
const (
	ActDelete       ActKind = "messages.delete"
	ActRestore      ActKind = "messages.restore"
	ActPurge        ActKind = "messages.purge"
	ActPin          ActKind = "message.pin"
	ActUnpin        ActKind = "message.unpin"
	ActRelease      ActKind = "held.release"
	ActRefuse       ActKind = "held.refuse"
	ActSanction     ActKind = "sanction.make"
	ActAlter        ActKind = "sanction.change"
	ActLift         ActKind = "sanction.lift"
	ActCarry        ActKind = "sanction.carry" // a guest under sanctions has signed in
	ActCreateRoom   ActKind = "room.create"
	ActChangeRoom   ActKind = "room.change"
	ActArchive      ActKind = "room.archive"
	ActUnarchive    ActKind = "room.unarchive"
	ActRemoveRoom   ActKind = "room.delete"
	ActClear        ActKind = "room.clear"
	ActLock         ActKind = "lockdown.make"
	ActUnlock       ActKind = "lockdown.lift"
	ActNote         ActKind = "user.note"
	ActUnnote       ActKind = "user.note_delete"
	ActRevokeTokens ActKind = "user.revoke_tokens" //nolint:gosec // no credential
	ActDisconnect   ActKind = "connections.end"
	ActNotice       ActKind = "notice.send"
	ActInvite       ActKind = "staff.invite"
	ActUninvite     ActKind = "staff.invite_revoke"
	ActJoinStaff    ActKind = "staff.join"
	ActChangeStaff  ActKind = "staff.change"
	ActRemoveStaff  ActKind = "staff.remove"
	ActPassword     ActKind = "staff.password"
	ActTOTP         ActKind = "staff.totp"
	ActEndSessions  ActKind = "staff.sessions_end"
	ActMakeKey      ActKind = "key.make"
	ActChangeKey    ActKind = "key.change"
	ActRotateKey    ActKind = "key.rotate"
	ActRevokeKey    ActKind = "key.revoke"
	ActUndo         ActKind = "undo"
)

// Via says by which way an act came.
type Via string

// The ways of an act.
const (
	ViaDashboard Via = "dashboard" // a staff session
	ViaAPI       Via = "api"       // a key
	ViaChat      Via = "v1"        // a moderator in the chat
	ViaRule      Via = "rule"      // chatd itself
)

// System is who acts where nobody did: a rule, a consequence.
const System UserID = "system"

// Act is the record of one change by staff, a key, a moderator or a rule. It holds ids, numbers and
// settings; who was hit (Users) is kept apart, so that erasing a user leaves the record whole.
type Act struct {
	ID       ActID
	Pos      Pos // its place among all events and acts
	At       time.Time
	By       UserID
	Via      Via
	Kind     ActKind
	Reason   string   // at most MaxReason characters
	Rooms    []RoomID // that it changed something in; whether that is all of it, Within says
	Users    []UserID // whom it hit, as far as they are remembered
	Effects  []ActEffect
	Undoes   ActID // of an undo
	UndoneBy ActID // empty: it stands
}

// ActEffect is one thing that an act changed, exactly.
type ActEffect struct {
	// What is a word of the table in docs/api.md: messages_hidden, messages_restored, message_pinned,
	// message_unpinned, message_released, message_refused, sanction_made, sanction_changed, sanction_lifted, sanction_unlifted,
	// sanction_carried, setting, room_created, room_archived, room_unarchived, room_deleted, room_cleared,
	// lockdown_made, lockdown_lifted, note_added, note_removed, tokens_revoked, sessions_ended,
	// notice_sent, staff_*, invite_*, key_*.
	What     string
	Room     RoomID      // empty: none, or Scope
	Scope    string      // of what concerns several rooms: a glob of their names; empty, without a Room: everywhere
	Messages []MessageID // of messages_*
	Subject  string      // the id of a sanction, lockdown, held message, note, key, invite, or a staff name; or a setting's name
	// Before and After are JSON values (settings, expiries, roles); empty: none.
	Before, After string
	Count         int // how many, where the ids themselves aren't kept
}

// Skipped is something that an act, or its undoing, left alone.
type Skipped struct {
	What    string // as in ActEffect
	Subject string // the id of what was left
	Room    RoomID
	Code    string // changed_later, gone, expired, not_undoable, already, ...
	Message string
}

// Deed asks for an act: all steps in one transaction, or none.
type Deed struct {
	Act   Act // ID, At, By, Via, Kind, Reason, Users; and Effects of what is not stored (a disconnect, a notice)
	Steps []Step
	// Keep makes a repetition of the request harmless; nil: it isn't one that can be repeated.
	Keep *Keep
	// DryRun takes everything back at the end: Enacted says what would have happened. Nothing is numbered or announced.
	DryRun bool
	// Late, where it is set, is called where Enact's done was told ErrOutcomeUnknown, and it turns out that the act was stored:
	// like done, once, from the committer, before any of its events is announced and before anything later is committed.
	Late func(Enacted)
}

// Step is one part of a Deed; see the types that have the method.
type Step interface{ step() }

// Enacted is what a Deed came to.
type Enacted struct {
	Act       Act // with Pos, Rooms, Effects
	Skipped   []Skipped
	Events    []Event    // of the rooms' logs, in commit order; empty where it was kept or dry
	Sanctions []Sanction // made or changed, as they are now
	Lifted    []Sanction
	// Freed are users off whom one of Sanctions, which stands, was taken: the act that carried it to them was undone.
	Freed     []UserID
	Lockdowns []Lockdown // made
	Unlocked  []Lockdown
	Held      []Held // decided
	Room      *Room  // of a step that changes a room: as it is now
	// Reset are rooms that are no more, or whose epoch is another: their readers start afresh (ControlChange.Removed).
	Reset []RoomID
	// Kept is the answer of the first request, where this one repeats it; nothing else is set then.
	Kept *KeptReply
}

// Keep is how a repeated request is told from a new one (draft-ietf-httpapi-idempotency-key-header).
type Keep struct {
	Caller      UserID
	Key         string // at most 128 bytes; whoever calls has hashed the client's key
	Fingerprint []byte // of the request; another one with the same Key is refused with idempotency_mismatch
	// Reply makes the answer that is kept, within the transaction: it must be quick and ask nobody.
	Reply func(Enacted) (KeptReply, error)
}

// KeptReply is an answer that is kept for KeepFor. Body is sealed by whoever made it: secrets never lie in clear.
type KeptReply struct {
	Status int
	Body   []byte
	Act    ActID
	ETag   string
}

// KeepFor is how long a request may be repeated.
const KeepFor = 24 * time.Hour

// Ledger does what staff decide, and remembers it. The log implements it: an act's events are numbered,
// committed and announced among all others.
type Ledger interface {
	// Enact does a Deed. done is called exactly once, from the committer, before any event of it is announced: it must not
	// block and must not call Enact or Append. Refusals: those that a Step documents, idempotency_mismatch, stale (IfVersion),
	// ErrOutcomeUnknown. Cancelling ctx stops the waiting for room in the queue only.
	Enact(ctx context.Context, d Deed, done func(Enacted, error))
	// Act reads one act; act_not_found.
	Act(ctx context.Context, id ActID) (Act, error)
	// Acts lists acts, the latest first.
	Acts(ctx context.Context, q ActQuery) ([]Act, error)
	Replies
}

// ActQuery asks for a page of acts: those with a smaller Pos, the latest first. Zero fields don't filter.
type ActQuery struct {
	Before       Pos // zero: from the latest on
	Limit        int
	By           UserID
	Kind         ActKind
	Room         RoomID
	User         UserID // that was hit
	Since, Until time.Time
	Undone       *bool
	// Within lists only what is within these rooms, for Self (Act.Within); nil: all.
	Within []string
	Self   UserID
}
