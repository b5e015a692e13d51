package peer

import (
	"encoding/binary"
	"fmt"
)

type bareConn struct {
	fd   int
	in   []byte
	room *bareRoom // nil until it is upgraded
	next int64     // place in the room's log of the first byte that it hasn't got
	full bool      // its socket is
}

// bareRoom holds what its members have to get, as one run of frames that are all equally
// long.
type bareRoom struct {
	name    string
	members []*bareConn
	log     []byte
	from    int64 // place of log's first byte
	step    int   // length of a frame; 0 before the first
	seq     int
	dirty   bool
}

func (r *bareRoom) end() int64 { return r.from + int64(len(r.log)) }

// add frames a text as long as chatd's v1 does for a guest.
func (r *bareRoom) add(text []byte) {
	r.seq++
	payload := fmt.Appendf(nil, `{"type":"message","room":%q,"seq":%d,"message":{"id":"0192d5a0-0000-7000-8000-000000000000","seq":%[2]d,`+
		`"from":{"id":"g:0192d5a0-0000-7000-8000-000000000000","name":"Guest 4821","role":"guest"},"text":"%[3]s","at":"2026-11-23T18:00:00.000Z"}}`,
		r.name, 100_000+r.seq, text)
	header := []byte{0x81, byte(len(payload))}
	if len(payload) > 125 {
		header = binary.BigEndian.AppendUint16([]byte{0x81, 126}, uint16(len(payload)))
	}
	r.step = len(header) + len(payload)
	r.log = append(append(r.log, header...), payload...)
}

// trim forgets what all have got.
func (r *bareRoom) trim() {
	least := r.end()
	if len(r.members) > 0 && len(r.log) < 4<<20 {
		for _, c := range r.members {
			if c.full {
				return // not worth a look at everybody yet
			}
		}
	}
	for _, c := range r.members {
		least = min(least, c.next)
	}
	r.log = r.log[:copy(r.log, r.log[least-r.from:])]
	r.from = least
}

// unmask takes the first frame of a client from b; ok is false when it isn't all there.
func unmask(b []byte) (payload []byte, opcode byte, rest []byte, ok bool) {
	if len(b) < 6 {
		return nil, 0, b, false
	}
	n, at := int(b[1]&0x7f), 2
	switch n {
	case 126:
		n, at = int(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		return nil, 8, nil, true // nobody sends that much here
	}
	if len(b) < at+4+n {
		return nil, 0, b, false
	}
	mask, payload := b[at:at+4], b[at+4:at+4+n]
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return payload, b[0] & 0x0f, b[at+4+n:], true
}
