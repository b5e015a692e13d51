package ws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// A reel tells the same from a place on as framing each message for itself, in pieces that hold whole frames.
func TestReel(t *testing.T) {
	var all [][][]byte
	for i, n := range []int{10, 0, 200, 20_000, 12_600, 70_000, 0, 3, maxFragment, 1} {
		all = append(all, nil)
		if n > 0 {
			all[i] = textFrames(bytes.Repeat([]byte{byte('a' + i)}, n))
		}
	}
	r := framesOf(len(all), func(i int) [][]byte { return all[i] })
	for i := range len(all) + 1 {
		frames, n := r.from(i)
		want, told := []byte{}, 0
		for _, m := range all[i:] {
			want = append(want, bytes.Join(m, nil)...)
			if m != nil {
				told++
			}
		}
		if got := bytes.Join(frames, nil); !bytes.Equal(got, want) || n != told {
			t.Errorf("from %d: got %d bytes of %d messages, want %d of %d", i, len(got), n, len(want), told)
		}
		for _, piece := range frames {
			for len(piece) > 0 {
				piece = piece[frameSize(piece):] // or it panics
			}
		}
	}
	for _, c := range r.chunks {
		if len(c) > maxFragment+10 {
			t.Errorf("a piece has %d bytes, want at most one fragment of %d", len(c), maxFragment)
		}
	}
}

// unframed puts a message in fragments together, and tells whether its frames are those of one message.
func unframed(t *testing.T, frames [][]byte) []byte {
	t.Helper()
	var text []byte
	for i, f := range frames {
		want := byte(opContinuation)
		if i == 0 {
			want = opText
		}
		if i == len(frames)-1 {
			want |= fin
		}
		if f[0] != want {
			t.Errorf("frame %d of %d begins with %#x, want %#x", i, len(frames), f[0], want)
		}
		head := 2
		if f[1] == 126 {
			head = 4
		}
		if frameSize(f) != len(f) || len(f) > maxFragment+head {
			t.Errorf("frame %d has %d bytes, says %d", i, len(f), frameSize(f))
		}
		text = append(text, f[head:]...)
	}
	return text
}

// The joined frame is one message of valid JSON however much is in each of its parts, and what many are told is the same bytes.
func TestJoinedIsOneMessage(t *testing.T) {
	for _, n := range []int{0, 1, 200} {
		view, roll := aView(n), &chat.Roll{}
		for i := range n / 2 {
			roll.Members = append(roll.Members, chat.Member{ID: chat.UserID(fmt.Sprint("u:", i)), Name: `"\<é>`, Role: chat.RoleUser})
		}
		j := chat.Joined{Snapshot: view.Snapshot, View: view, Roll: roll, Members: roll.Members, Count: n}
		j.Reacted = map[chat.MessageID][]string{"m": {strings.Repeat("x", 1000*n)}}
		other := j
		other.Reacted, other.Read = nil, 7
		mine, theirs := v1Codec{}.joined(j, nil), v1Codec{}.joined(other, nil)
		for _, frames := range [][][]byte{mine, theirs} {
			var got struct {
				Type    string `json:"type"`
				Members []userV1
				History []messageV1
				Pins    []messageV1
				Read    int
			}
			text := unframed(t, frames)
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatalf("%d messages: %v in %.200q", n, err, text)
			}
			if got.Type != "joined" || len(got.History) != n || len(got.Members) != n/2 || got.Pins == nil {
				t.Errorf("got %s with %d messages and %d members, want %d and %d", got.Type, len(got.History), len(got.Members), n, n/2)
			}
		}
		shared := func(f []byte) bool { return slices.ContainsFunc(mine, func(g []byte) bool { return &g[0] == &f[0] }) }
		if own := slices.IndexFunc(theirs, shared); own != 1 || !shared(theirs[len(theirs)-1]) {
			t.Errorf("%d messages: frames from %d on are shared, want all but the first", n, own)
		}
	}
}

// aView is a room with n messages.
func aView(n int) *chat.View {
	v := &chat.View{}
	v.Room = chat.Room{ID: "general", Epoch: "e", Seq: chat.Seq(n), Shown: chat.Seq(n), Settings: chat.DefaultSettings()}
	for i := range n {
		v.Messages = append(v.Messages, chat.Message{
			ID: chat.MessageID(fmt.Sprint("0192d3a0-0000-7000-8000-", i)), Room: v.Room.ID, Seq: chat.Seq(i + 1), At: time.Unix(1, 0),
			Author: chat.Author{ID: "u:ann", Name: "Ann", Role: chat.RoleUser},
			Text:   strings.Repeat("some text & more ", 8), HTML: strings.Repeat("some text &amp; more ", 8), Plain: strings.Repeat("some text & more ", 8),
		})
	}
	return v
}

// BenchmarkJoined is framing what a joiner is told, of a room of 100 messages and as many members shown.
func BenchmarkJoined(b *testing.B) {
	view, roll := aView(100), &chat.Roll{}
	for i := range 100 {
		roll.Members = append(roll.Members, chat.Member{ID: chat.UserID(fmt.Sprint("g:0192d3a0-0000-7000-8000-", i)), Name: fmt.Sprint("Guest ", i), Role: chat.RoleGuest})
	}
	j := chat.Joined{Snapshot: view.Snapshot, View: view, Roll: roll, Members: roll.Members, Count: 5000, Rights: chat.Rights{Post: true}}
	for p, c := range codecs {
		b.Run(protocol(p).String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.joined(j, nil)
			}
		})
	}
	b.Run("v1, its own list of members", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			own := j
			own.Roll = &chat.Roll{Members: roll.Members}
			codecs[v1].joined(own, nil)
		}
	})
}
