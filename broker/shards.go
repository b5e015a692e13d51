package broker

import (
	"hash/maphash"
	"sync"

	"github.com/chatd/chatd/chat"
)

// shardCount spreads rooms over locks that are held for a map access only.
const shardCount = 64

// shards is a map of rooms in parts, so that rooms don't wait for each other.
type shards[V any] struct {
	seed  maphash.Seed
	parts [shardCount]shard[V]
}

type shard[V any] struct {
	mu sync.RWMutex
	m  map[chat.RoomID]V
}

func (s *shards[V]) init() {
	s.seed = maphash.MakeSeed()
	for i := range s.parts {
		s.parts[i].m = make(map[chat.RoomID]V)
	}
}

func (s *shards[V]) of(room chat.RoomID) *shard[V] {
	return &s.parts[maphash.String(s.seed, string(room))%shardCount]
}

func (s *shards[V]) find(room chat.RoomID) (V, bool) {
	p := s.of(room)
	p.mu.RLock()
	defer p.mu.RUnlock()
	v, ok := p.m[room]
	return v, ok
}

// all copies every entry, one part at a time: not one instant of the whole.
func (s *shards[V]) all() map[chat.RoomID]V {
	out := make(map[chat.RoomID]V)
	for i := range s.parts {
		p := &s.parts[i]
		p.mu.RLock()
		for room, v := range p.m {
			out[room] = v
		}
		p.mu.RUnlock()
	}
	return out
}
