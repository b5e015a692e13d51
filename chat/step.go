package chat

import "time"

// The steps on messages.
type (
	// HideStep hides messages of a room for as long as the act stands; message_not_found, too_many_messages.
	HideStep struct {
		Room RoomID
		IDs  []MessageID
	}
	// PurgeStep hides what these users wrote in the rooms that match, within a span of time. One event a room
	// (of at most MaxPurgeIDs messages each). It also refuses what of theirs is held. too_many_messages.
	PurgeStep struct {
		Authors      []UserID
		Rooms        []string  // names or globs; nil: all
		Since, Until time.Time // zero: unbounded
	}
	// RestoreStep ends every hide of these messages that isn't their author's own deletion.
	RestoreStep struct {
		Room RoomID
		IDs  []MessageID
	}
	// PinStep pins or unpins a visible message; message_not_found, too_many_pins.
	PinStep struct {
		Room RoomID
		ID   MessageID
		On   bool
	}
	// DecideStep releases a held message (it is posted, with its own id, Message being what is posted) or refuses it;
	// held_not_found, held_decided (Conflict).
	DecideStep struct {
		ID      HeldID
		Release bool
		Message Message
		Code    string // why it was refused, for its author: refused, expired
	}
)

// MaxPurgeIDs bounds the messages that one event hides or restores; more make several events.
const MaxPurgeIDs = 1000

// MaxActMessages bounds the messages that one act hides, for everybody's posts wait meanwhile; more are refused with
// too_many_messages (Conflict) before anything is written.
const MaxActMessages = 50_000

// MaxShownAgain bounds the messages that an undo shows its readers again, in one room, event by event. Of more the room
// has a new epoch instead (Enacted.Reset).
const MaxShownAgain = 1000

// The steps on rooms.
type (
	// SetStep changes settings, and makes the room where it isn't stored. With New it has to be (room_exists); with
	// IfVersion it must be at that version (stale).
	SetStep struct {
		Room      RoomID
		Patch     SettingsPatch
		New       bool
		IfVersion int64 // zero: any
	}
	// ArchiveStep archives a room (nobody but staff enters; nothing is lost) or takes it back; room_unknown.
	ArchiveStep struct {
		Room RoomID
		On   bool
	}
	// RemoveRoomStep deletes a room and everything in it, for good; room_unknown, stale. The room is unknown at once; what it
	// holds is deleted in the background, and until that is done its name can't be used (room_unknown). Who uses it later
	// finds another epoch, and what was admitted to the room as it was isn't posted to the new one.
	RemoveRoomStep struct {
		Room      RoomID
		IfVersion int64 // zero: any
	}
	// ClearStep hides everything in a room: one event of kind cleared; room_unknown, too_many_messages. Undone, the room
	// has a new epoch: its readers start afresh.
	ClearStep struct{ Room RoomID }
	// LockStep makes a lock-down; UnlockStep ends one before its time (lockdown_not_found).
	LockStep   struct{ Lockdown Lockdown }
	UnlockStep struct{ ID LockdownID }
)

// The steps on people.
type (
	// ImposeStep makes sanctions.
	ImposeStep struct{ Sanctions []Sanction }
	// AlterStep changes a standing sanction; sanction_not_found, stale.
	AlterStep struct {
		ID           SanctionID
		Reason, Note *string
		Expires      *time.Time // the zero time: never
		IfVersion    int64      // zero: any
	}
	// LiftStep ends standing sanctions before their time. One that doesn't stand is skipped (already), an unknown one is
	// sanction_not_found; stale.
	LiftStep struct {
		IDs       []SanctionID
		IfVersion int64 // that every one of them has; zero: any
	}
	// CarryStep lets sanctions against a guest hold against the user they have become, too. One that was taken off
	// them again (Sanction.Excused) is skipped (taken_back).
	CarryStep struct {
		IDs  []SanctionID
		User UserID
	}
	// NoteStep writes a note about a user; UnnoteStep takes it back (note_not_found).
	NoteStep   struct{ Note Note }
	UnnoteStep struct {
		User UserID
		ID   NoteID
		By   UserID // its author, where it has to be theirs (bound_rooms); empty: anybody's
	}
	// RevokeTokensStep makes tokens worthless that were issued to a user before a time. It never goes back.
	RevokeTokensStep struct {
		User   UserID
		Before time.Time
	}
)

// The steps on accounts. Their secrets are hashes already.
type (
	AddStaffStep struct {
		Account StaffAccount
		Invite  string // used up by it: invite_not_found where it is used, revoked or expired; empty: none
	}
	// ChangeStaffStep changes an account; staff_not_found, stale, last_owner. A change of password, role or rooms ends the
	// account's sessions but KeepSession.
	ChangeStaffStep struct {
		Name        string
		Patch       StaffPatch
		IfVersion   int64 // zero: any
		KeepSession string
	}
	// RemoveStaffStep ends an account; staff_not_found, stale, last_owner.
	RemoveStaffStep struct {
		Name      string
		IfVersion int64 // zero: any
	}
	// EndStaffSessionsStep ends sessions of an account: one by its id (session_not_found), or all but Keep.
	EndStaffSessionsStep struct{ Name, ID, Keep string }
	AddInviteStep        struct{ Invite Invite }
	RemoveInviteStep     struct{ ID string } // invite_not_found
	AddKeyStep           struct{ Key APIKey }
	ChangeKeyStep        struct {
		ID        string
		Patch     KeyPatch
		IfVersion int64 // zero: any; stale
	}
	// RotateKeyStep gives a key a new secret; the old one holds until OldUntil.
	RotateKeyStep struct {
		ID, Prefix string
		Hash       []byte
		OldUntil   time.Time
	}
	// RevokeKeyStep makes a key worthless; key_not_found, stale.
	RevokeKeyStep struct {
		ID        string
		IfVersion int64 // zero: any
	}
)

// UndoStep takes an act back: exactly what it changed and no later act changed too. What is left is in
// Enacted.Skipped. act_not_found, already_undone (Conflict).
type UndoStep struct{ ID ActID }

func (HideStep) step()             {}
func (PurgeStep) step()            {}
func (RestoreStep) step()          {}
func (PinStep) step()              {}
func (DecideStep) step()           {}
func (SetStep) step()              {}
func (ArchiveStep) step()          {}
func (RemoveRoomStep) step()       {}
func (ClearStep) step()            {}
func (LockStep) step()             {}
func (UnlockStep) step()           {}
func (ImposeStep) step()           {}
func (AlterStep) step()            {}
func (LiftStep) step()             {}
func (CarryStep) step()            {}
func (NoteStep) step()             {}
func (UnnoteStep) step()           {}
func (RevokeTokensStep) step()     {}
func (AddStaffStep) step()         {}
func (ChangeStaffStep) step()      {}
func (RemoveStaffStep) step()      {}
func (EndStaffSessionsStep) step() {}
func (AddInviteStep) step()        {}
func (RemoveInviteStep) step()     {}
func (AddKeyStep) step()           {}
func (ChangeKeyStep) step()        {}
func (RotateKeyStep) step()        {}
func (RevokeKeyStep) step()        {}
func (UndoStep) step()             {}
