package chat

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
)

// MaxUserID is the longest UserID, in bytes.
const MaxUserID = 258

func validUserID(id UserID) bool {
	for _, p := range []string{PrefixUser, PrefixGuest, PrefixStaff, PrefixKey} {
		if rest, ok := strings.CutPrefix(string(id), p); ok {
			return rest != "" && len(id) <= MaxUserID && !strings.ContainsFunc(rest, func(r rune) bool { return r < ' ' || r == 0x7f })
		}
	}
	return false
}

// cleanTarget checks the form of a target and returns it as it is stored. Codes target_invalid, user_invalid.
func cleanTarget(t Target) (Target, error) {
	set := 0
	for _, is := range []bool{t.User != "", t.Prefix.IsValid(), t.Alias != ""} {
		if is {
			set++
		}
	}
	if set != 1 {
		return t, Refuse(Invalid, "target_invalid", "A target is exactly one of a user, an address and an address's hash.")
	}
	if t.User != "" {
		return t, checkUserTarget(t)
	}
	if t.Only != Everyone && t.Only != Guests && t.Only != Tokenless {
		return t, Refuse(Invalid, "target_invalid", "only is all, guests or tokenless.")
	}
	if t.Alias != "" && !ValidAlias(t.Alias) {
		return t, Refuse(Invalid, "target_invalid", "An address's hash looks like addr_abcdefghijklmnop.")
	}
	if t.Prefix.IsValid() {
		t.Prefix = plainPrefix(t.Prefix)
	}
	return t, nil
}

func checkUserTarget(t Target) error {
	if t.Only != Everyone {
		return Refuse(Invalid, "target_invalid", "Only addresses are narrowed to guests or tokenless connections.")
	}
	if !validUserID(t.User) {
		return Refuse(Invalid, "user_invalid", "user is an id like u:ann or g:0192….")
	}
	return nil
}

// plainPrefix masks a prefix, without zone, and makes an IPv4 one of an IPv4 address in an IPv6 address.
func plainPrefix(p netip.Prefix) netip.Prefix {
	a := p.Addr().WithZone("")
	if a.Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(a.Unmap(), p.Bits()-96).Masked()
	}
	return netip.PrefixFrom(a, p.Bits()).Masked()
}

// ownPrefix is the prefix by which one subscriber's address is sanctioned: the IPv4 address, the /64 of an IPv6 one.
func ownPrefix(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// holdsAddr reports whether p holds a, whatever form a has.
func holdsAddr(p netip.Prefix, a netip.Addr) bool {
	return a.IsValid() && p.Contains(a.Unmap().WithZone(""))
}

// person is a user as far as an act has to know them.
type person struct {
	id   UserID
	name string
	role Role
}

// known finds who somebody is: by a live session, else as they were last seen. Somebody who was never seen is known by
// their id alone.
func (s *Service) known(ctx context.Context, id UserID, live []LiveSession) (person, error) {
	for _, l := range live {
		if l.Actor.ID == id {
			return person{id, l.Actor.Name, l.Actor.Role}, nil
		}
	}
	seen, err := s.Directory.User(ctx, id)
	switch {
	case IsKind(err, NotFound):
		return person{id: id}, nil
	case err != nil:
		return person{}, fmt.Errorf("find user: %w", err)
	}
	return person{id, seen.Name, seen.Role}, nil
}

// protect refuses what nobody may do to a person: staff and keys are revoked, not sanctioned; nobody acts on themselves; and
// moderators are for admins. Codes target_protected.
func protect(by Actor, p person) error {
	switch {
	case strings.HasPrefix(string(p.id), PrefixStaff), strings.HasPrefix(string(p.id), PrefixKey), p.role == RoleStaff:
		return Refuse(Invalid, "target_protected", "Staff and keys can't be sanctioned; disable or revoke them.")
	case p.id == by.ID:
		return Refuse(Invalid, "target_protected", "You can't act against yourself.")
	case p.role == RoleModerator && !by.admin():
		return Refuse(Invalid, "target_protected", "Only admins act against a moderator.")
	}
	return nil
}
