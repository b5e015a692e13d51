package store

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/chatd/chatd/chat"
)

// sightStep is how many sightings one transaction notes: appends to the log hardly wait for it.
const sightStep = 512

const sightingColumns = `user_id, alias, agent_hash, name, role, addr, addr_key, agent, tokenless, first_at, last_at`

// upsertSighting notes a known way again. Tokenless is who never brought a token.
const upsertSighting = ` ON CONFLICT (user_id, alias, agent_hash) DO UPDATE SET
	name = excluded.name, role = excluded.role, addr = excluded.addr, addr_key = excluded.addr_key, agent = excluded.agent,
	tokenless = sightings.tokenless AND excluded.tokenless,
	first_at = CASE WHEN excluded.first_at < sightings.first_at THEN excluded.first_at ELSE sightings.first_at END,
	last_at = CASE WHEN excluded.last_at > sightings.last_at THEN excluded.last_at ELSE sightings.last_at END`

// Sight implements chat.People.
func (s *Store) Sight(ctx context.Context, all []chat.Sighting) error {
	ways, users := gather(all)
	for some := range slices.Chunk(ways, sightStep) {
		if err := s.inWrite(ctx, func(q querier) error { return insertSightings(ctx, q, some) }); err != nil {
			return fmt.Errorf("note sightings: %w", err)
		}
	}
	for some := range slices.Chunk(users, sightStep) {
		if err := s.inWrite(ctx, func(q querier) error { return insertSeen(ctx, q, some) }); err != nil {
			return fmt.Errorf("note sighted users: %w", err)
		}
	}
	return nil
}

// way is what tells sightings apart.
type way struct {
	user             chat.UserID
	alias, agentHash string
}

// gather makes one sighting of each way and of each user, in an order that all nodes
// keep, so that they don't lock each other out.
func gather(all []chat.Sighting) (ways, users []chat.Sighting) {
	byWay := make(map[way]chat.Sighting, len(all))
	byUser := make(map[chat.UserID]chat.Sighting, len(all))
	for _, x := range all {
		x.Addr = x.Addr.Unmap()
		join(byWay, way{x.User, x.Alias, x.AgentHash}, x)
		join(byUser, x.User, x)
	}
	order := func(x, y chat.Sighting) int {
		return cmp.Or(cmp.Compare(x.User, y.User), cmp.Compare(x.Alias, y.Alias), cmp.Compare(x.AgentHash, y.AgentHash))
	}
	return slices.SortedFunc(maps.Values(byWay), order), slices.SortedFunc(maps.Values(byUser), order)
}

// join adds a sighting to those of the same key: the latest one, from the first time on.
func join[K comparable](to map[K]chat.Sighting, key K, x chat.Sighting) {
	was, known := to[key]
	if !known {
		to[key] = x
		return
	}
	first, tokenless := was.First, was.Tokenless && x.Tokenless
	if x.First.Before(first) {
		first = x.First
	}
	if x.Last.Before(was.Last) {
		x = was
	}
	x.First, x.Tokenless = first, tokenless
	to[key] = x
}

func insertSightings(ctx context.Context, q querier, all []chat.Sighting) error {
	return insertRows(ctx, q, `INSERT INTO sightings (`+sightingColumns+`) VALUES `, upsertSighting, all, func(x chat.Sighting) []any {
		var addr string
		var key any
		if x.Addr.IsValid() {
			b := x.Addr.As16()
			addr, key = x.Addr.WithZone("").String(), b[:]
		}
		return []any{string(x.User), x.Alias, x.AgentHash, x.Name, string(x.Role), addr, key, x.Agent, x.Tokenless,
			millis(x.First), millis(x.Last)}
	})
}

func insertSeen(ctx context.Context, q querier, all []chat.Sighting) error {
	return insertRows(ctx, q, `INSERT INTO users (id, name, skeleton, role, first_at, last_at) VALUES `, upsertUser, all, func(x chat.Sighting) []any {
		return []any{string(x.User), x.Name, chat.Skeleton(x.Name), string(x.Role), millis(x.First), millis(x.Last)}
	})
}

// Sightings implements chat.People.
func (s *Store) Sightings(ctx context.Context, id chat.UserID, limit int) ([]chat.Sighting, error) {
	return s.sightings(ctx, `WHERE user_id = $1 ORDER BY last_at DESC, alias, agent_hash LIMIT $2`, string(id), limit)
}

// SightedFrom implements chat.People.
func (s *Store) SightedFrom(ctx context.Context, alias string, since time.Time, limit int) ([]chat.Sighting, error) {
	return s.sightings(ctx, `WHERE alias = $1 AND last_at >= $2 ORDER BY last_at DESC LIMIT $3`, alias, millis(since), limit)
}

// SightedWithin implements chat.People.
func (s *Store) SightedWithin(ctx context.Context, p netip.Prefix, since time.Time, limit int) ([]chat.Sighting, error) {
	if !p.IsValid() {
		return nil, nil
	}
	first, last := span(p)
	where := `WHERE addr_key >= $1 AND addr_key <= $2 AND last_at >= $3`
	args := []any{first, last, millis(since), limit}
	if p.Addr().Is6() {
		// IPv4 addresses lie in ::ffff:0:0/96, but no prefix of IPv6 means them.
		mapped, end := span(netip.PrefixFrom(netip.IPv4Unspecified(), 0))
		where, args = where+` AND NOT (addr_key >= $5 AND addr_key <= $6)`, append(args, mapped, end)
	}
	return s.sightings(ctx, where+` ORDER BY last_at DESC LIMIT $4`, args...)
}

// span is the first and the last address of a prefix, as keys.
func span(p netip.Prefix) (first, last []byte) {
	p = p.Masked()
	a := p.Addr().As16()
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	first, last = a[:], bytes.Clone(a[:])
	for i := bits; i < 128; i++ {
		last[i/8] |= 0x80 >> (i % 8)
	}
	return first, last
}

const selectSightings = `SELECT user_id, alias, agent_hash, name, role, addr, agent, tokenless, first_at, last_at FROM sightings `

func (s *Store) sightings(ctx context.Context, where string, args ...any) ([]chat.Sighting, error) {
	rows, err := s.read.QueryContext(ctx, selectSightings+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read sightings: %w", s.passing(err))
	}
	var all []chat.Sighting
	err = eachRow(rows, func() error {
		var x chat.Sighting
		var addr string
		var first, last int64
		if err := rows.Scan(&x.User, &x.Alias, &x.AgentHash, &x.Name, &x.Role, &addr, &x.Agent, &x.Tokenless, &first, &last); err != nil {
			return err
		}
		x.First, x.Last = instant(first), instant(last)
		if addr != "" {
			x.Addr, err = netip.ParseAddr(addr)
		}
		all = append(all, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sightings: %w", s.passing(err))
	}
	return all, nil
}
