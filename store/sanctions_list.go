package store

import (
	"context"
	"net/netip"
	"path"
	"slices"

	"github.com/chatd/chatd/chat"
)

// ListSanctions implements chat.Sanctions.
func (s *Store) ListSanctions(ctx context.Context, want chat.SanctionQuery) ([]chat.Sanction, error) {
	var all []chat.Sanction
	err := s.inRead(ctx, func(q querier) error {
		step := want.Limit
		if want.Room != "" || want.Within != nil {
			step = listStep
		}
		for before := want.Before; len(all) < want.Limit; {
			c := sanctionConditions(want, before)
			some, err := listSanctions(ctx, q, c.where()+` ORDER BY id DESC LIMIT `+c.place(step), c.args...)
			if err != nil {
				return err
			}
			for _, x := range some {
				if (want.Room == "" || x.Holds(want.Room)) && scopeWithin(want.Within, x.Rooms) {
					all = append(all, x)
				}
			}
			if len(some) < step {
				return nil
			}
			before = some[len(some)-1].ID
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all[:min(len(all), max(want.Limit, 0))], nil
}

// scopeWithin reports whether a sanction's scope lies within globs; nil: every one does.
func scopeWithin(globs []string, scope string) bool {
	return globs == nil || scope != "" && slices.ContainsFunc(globs, func(glob string) bool {
		ok, _ := path.Match(glob, scope)
		return ok || glob == scope
	})
}

func sanctionConditions(want chat.SanctionQuery, before chat.SanctionID) conditions {
	var c conditions
	if want.Standing != nil {
		now := c.place(millis(want.Now))
		if *want.Standing {
			c.add(`lifted_at = 0`)
			c.add(`(expires = 0 OR expires > ` + now + `)`)
		} else {
			c.add(`(lifted_at > 0 OR expires > 0 AND expires <= ` + now + `)`)
		}
	}
	if before != "" {
		c.add(`id < $%d`, string(before))
	}
	if want.User != "" {
		c.add(`(user_id = $%d OR id IN (SELECT sanction FROM sanction_users WHERE user_id = $%d AND ended_by = ''))`, string(want.User), string(want.User))
	}
	if want.Addr.IsValid() {
		prefixes := padded(prefixesOf(want.Addr))
		c.add(`prefix IN (` + list(len(c.args)+1, len(prefixes)) + `)`)
		c.args = append(c.args, prefixes...)
	}
	if want.Alias != "" {
		c.add(`alias = $%d`, want.Alias)
	}
	if want.Effect != "" {
		c.add(`effect = $%d`, string(want.Effect))
	}
	if want.By != "" {
		c.add(`by_id = $%d`, string(want.By))
	}
	if want.Act != "" {
		c.add(`act = $%d`, string(want.Act))
	}
	return c
}

// prefixesOf are all prefixes that hold an address, as sanctions store them.
func prefixesOf(a netip.Addr) []string {
	a = a.Unmap().WithZone("")
	all := make([]string, 0, a.BitLen()+1)
	for bits := range a.BitLen() + 1 {
		p, _ := a.Prefix(bits) // bits are in range
		all = append(all, p.String())
	}
	return all
}
