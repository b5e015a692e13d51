package ws

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/chatd/chatd/chat"
)

const (
	// beatEvery is how often typing is told; presence is told every presenceEvery.
	beatEvery     = 250 * time.Millisecond
	presenceEvery = time.Second
	// beatsPerSweep makes a sweep of the sessions about once a second.
	beatsPerSweep = 4

	bigRoom        = 250 // members; beyond, only their number is told
	maxPerPresence = 50  // users in one frame
	maxTyping      = 20
)

// crowd gathers who came, left and types, until the next beat. Only the room's worker uses it.
type crowd struct {
	presence map[chat.UserID]*chat.PresenceChange // the latest of each user
	quiet    map[chat.UserID]*chat.PresenceChange // what only that user is told
	typing   map[chat.UserID]chat.Member
	count    int
	version  int64 // of count
	toldAt   time.Time
	quietAt  time.Time // when somebody was told alone
}

func (rm *room) note(s *chat.Signal) {
	c := &rm.crowd
	switch {
	case s.Typing != nil:
		if c.typing == nil {
			c.typing = map[chat.UserID]chat.Member{}
		}
		if len(c.typing) < maxTyping {
			c.typing[s.Typing.Member.ID] = s.Typing.Member
		}
	case s.Presence != nil:
		c.note(s.Presence)
	case s.Held != nil:
		rm.tellHeld(s.Held)
		return
	default:
		return
	}
	rm.srv.rooms.soil(rm)
}

// note keeps the latest of what is heard of each user.
func (c *crowd) note(p *chat.PresenceChange) {
	if p.Version > c.version {
		c.count, c.version = p.Count, p.Version
	}
	of := &c.presence
	if p.Quiet {
		of = &c.quiet
	}
	if *of == nil {
		*of = map[chat.UserID]*chat.PresenceChange{}
	}
	if had := (*of)[p.Member.ID]; had == nil || p.Version > had.Version {
		(*of)[p.Member.ID] = p
	}
}

// soil has the room flushed at the next beat.
func (rs *rooms) soil(rm *room) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rm.refs > 0 {
		rs.dirty[rm] = struct{}{}
	}
}

// beat has the rooms that need it flushed.
func (rs *rooms) beat(now time.Time) {
	rs.mu.Lock()
	dirty := rs.dirty
	rs.dirty = map[*room]struct{}{}
	rs.mu.Unlock()
	for rm := range dirty {
		rm.hear(heard{beat: now}, 16)
	}
}

// beat tells what was gathered.
func (rm *room) beat(now time.Time) {
	c := &rm.crowd
	if len(c.typing) > 0 {
		rm.tellTyping(c.typing)
		c.typing = nil
	}
	switch {
	case len(c.presence)+len(c.quiet) == 0:
	case now.Sub(c.toldAt) < presenceEvery, now.Sub(c.quietAt) < presenceEvery && len(c.quiet) > 0:
		rm.srv.rooms.soil(rm)
	default:
		rm.tellPresence()
		if len(c.presence) > 0 {
			c.toldAt = now // others can't tell that somebody was told alone
		}
		if len(c.quiet) > 0 {
			c.quietAt = now
		}
		c.presence, c.quiet = nil, nil
	}
}

// tellPresence tells everybody who came, left, or is called otherwise; who is known to others by another name hears their own.
func (rm *room) tellPresence() {
	c := &rm.crowd
	own := map[chat.UserID][]presenceFrame{}
	for _, all := range []map[chat.UserID]*chat.PresenceChange{c.presence, c.quiet} {
		for user := range all {
			if mine, differs := c.seenBy(user); differs {
				own[user] = c.frames(rm.id, mine)
			}
		}
	}
	if len(c.presence) > 0 {
		for _, f := range c.frames(rm.id, c.presence) {
			s := saying{aside: f}
			for user := range own {
				s.instead(user, nil)
			}
			rm.say(s)
		}
	}
	for user, frames := range own {
		for _, f := range frames {
			rm.say(saying{aside: f, only: user})
		}
	}
}

// seenBy is who came and left as a user is told it, where that isn't what everybody is told.
func (c *crowd) seenBy(user chat.UserID) (map[chat.UserID]*chat.PresenceChange, bool) {
	p, alone := c.presence[user], c.quiet[user]
	if alone != nil && (p == nil || p.Version < alone.Version) {
		p = alone
	}
	if p == nil || p != alone && p.Member.Own == "" {
		return nil, false
	}
	mine := *p
	mine.Member.Name = p.Member.Self()
	all := map[chat.UserID]*chat.PresenceChange{}
	maps.Copy(all, c.presence)
	all[user] = &mine
	return all, true
}

func (c *crowd) frames(room chat.RoomID, presence map[chat.UserID]*chat.PresenceChange) []presenceFrame {
	head := aside{"presence", room}
	if c.count > bigRoom {
		return []presenceFrame{{aside: head, Count: c.count}}
	}
	var joined, left []userV1
	for _, id := range slices.Sorted(maps.Keys(presence)) {
		if p := presence[id]; p.Left {
			left = append(left, memberOf(p.Member))
		} else {
			joined = append(joined, memberOf(p.Member))
		}
	}
	var frames []presenceFrame
	for len(joined)+len(left) > 0 || frames == nil {
		f := presenceFrame{aside: head, Count: c.count}
		n := min(len(left), maxPerPresence)
		f.Left, left = left[:n], left[n:]
		n = min(len(joined), maxPerPresence-n)
		f.Joined, joined = joined[:n], joined[n:]
		frames = append(frames, f)
	}
	return frames
}

func listed(m map[chat.UserID]chat.Member) []userV1 {
	list := all(slices.Collect(maps.Values(m)), memberOf)
	slices.SortFunc(list, func(a, b userV1) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return list
}

// tellTyping tells everybody who types, but nobody of themselves.
func (rm *room) tellTyping(typing map[chat.UserID]chat.Member) {
	users := listed(typing)
	head := aside{"typing", rm.id}
	s := saying{aside: typingFrame{head, users}}
	for user := range typing {
		others := slices.DeleteFunc(slices.Clone(users), func(u userV1) bool { return u.ID == user })
		if len(others) == 0 {
			s.instead(user, nil)
		} else {
			s.instead(user, typingFrame{head, others})
		}
	}
	rm.say(s)
}
