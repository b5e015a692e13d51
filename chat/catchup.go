package chat

import (
	"context"
	"fmt"
	"strings"
)

// KeptReply finds the answer to an earlier request (Ledger.KeptReply). What that request did holds here from then on, if it
// didn't yet: the node that did it may have died before it told the others.
func (s *Service) KeptReply(ctx context.Context, caller UserID, key string, fingerprint []byte) (KeptReply, bool, error) {
	kept, found, err := s.Ledger.KeptReply(ctx, caller, key, fingerprint)
	if err == nil && found {
		err = s.catchUp(ctx, kept.Act)
	}
	return kept, found, err
}

// catchUp puts in force, and tells, what of an act isn't known here.
func (s *Service) catchUp(ctx context.Context, id ActID) error {
	if id == "" {
		return nil
	}
	a, err := s.Ledger.Act(ctx, id)
	if IsKind(err, NotFound) {
		return nil // it wasn't one that changed anything
	}
	if err != nil {
		return fmt.Errorf("read the act of a kept answer: %w", err)
	}
	c, err := s.unknownOf(ctx, a)
	if err != nil {
		return fmt.Errorf("read what the act of a kept answer changed: %w", err)
	}
	if c.tellsAnything() {
		s.apply(c)
		s.Bell.Signal(context.WithoutCancel(ctx), Signal{Control: &c})
	}
	return nil
}

// unknownOf is what an act changed that isn't known here, as it is now.
func (s *Service) unknownOf(ctx context.Context, a Act) (ControlChange, error) {
	c := ControlChange{Act: a, Accounts: aboutAccounts(a)}
	rooms := make(map[RoomID]bool)
	locked := false
	for _, e := range a.Effects {
		kind, _, _ := strings.Cut(e.What, "_")
		switch kind {
		case "sanction":
			if err := s.unknownSanction(ctx, e, &c); err != nil {
				return c, err
			}
		case "setting", "room":
			rooms[e.Room] = true
		case "lockdown":
			locked = true
		case "tokens":
			if err := s.unknownTokens(ctx, &c); err != nil {
				return c, err
			}
		}
	}
	for room := range rooms {
		if err := s.unknownRoom(ctx, room, &c); err != nil {
			return c, err
		}
	}
	if !locked {
		return c, nil
	}
	return c, s.unknownLocks(ctx, a, &c)
}

func (s *Service) unknownSanction(ctx context.Context, e ActEffect, c *ControlChange) error {
	id := SanctionID(e.Subject)
	known, version := s.sanctions.known(id)
	if known && e.What == "sanction_made" {
		return nil // and whatever became of it since
	}
	x, err := s.Directory.Sanction(ctx, id)
	switch {
	case IsKind(err, NotFound):
	case err != nil:
		return err
	case known && version >= x.Version:
	case x.LiftedAt.IsZero():
		c.Sanctions = append(c.Sanctions, x)
	default:
		c.Lifted = append(c.Lifted, x)
	}
	return nil
}

func (s *Service) unknownRoom(ctx context.Context, room RoomID, c *ControlChange) error {
	have, ok := s.rooms.room(room, s.now())
	if !ok {
		return nil // it is read when it is needed
	}
	snap, err := s.Log.Snapshot(ctx, room, SnapshotQuery{})
	switch now := snap.Room; {
	case IsKind(err, NotFound):
		c.Removed = append(c.Removed, room)
	case err != nil:
		return err
	case now.Epoch != have.Epoch || have.Stored && !now.Stored:
		c.Removed = append(c.Removed, room)
	case now.Version != have.Version:
		c.Changed = append(c.Changed, now)
	}
	return nil
}

func (s *Service) unknownTokens(ctx context.Context, c *ControlChange) error {
	all, err := s.Directory.TokensFrom(ctx)
	if err != nil {
		return err
	}
	c.TokensFrom = s.revoked.unknown(all)
	return nil
}

// unknownLocks compares the lock-downs that an act made or lifted with those that are in force.
func (s *Service) unknownLocks(ctx context.Context, a Act, c *ControlChange) error {
	all, err := s.Directory.Lockdowns(ctx, s.now())
	if err != nil {
		return err
	}
	inForce := make(map[LockdownID]Lockdown, len(all))
	for _, l := range all {
		inForce[l.ID] = l
	}
	for _, e := range a.Effects {
		if !strings.HasPrefix(e.What, "lockdown") {
			continue
		}
		id := LockdownID(e.Subject)
		here, known := s.locks.find(id)
		switch l, holds := inForce[id]; {
		case holds && (!known || here.lifted):
			c.Lockdowns = append(c.Lockdowns, l)
		case !holds && known && !here.lifted:
			c.Unlocked = append(c.Unlocked, here.Lockdown)
		}
	}
	return nil
}
