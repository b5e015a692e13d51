package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

// fill stores n messages of bob's behind the log's back, a millisecond apart from noon on.
func (f *fixture) fill(room chat.RoomID, n int) {
	f.t.Helper()
	head := int(f.snapshot(room).Room.Seq)
	f.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO messages (id, room, seq, author_id, author_name, author_role, text, mentions, reply_to, at, edited_at)
		SELECT 'filled-' || CAST($2 AS TEXT) || '-' || i, CAST($2 AS TEXT), CAST($3 AS BIGINT) + i, CAST($4 AS TEXT), '', '', 'x', '', '',
			CAST($5 AS BIGINT) + i, 0 FROM n`, n, string(room), head, string(bob), noon.UnixMilli())
	f.exec(`UPDATE rooms SET seq = seq + $2, shown = seq + $2 WHERE id = $1`, string(room), n)
}

// testActsBounded: an act never keeps everybody waiting for long, or it is refused before it does anything.
func testActsBounded(t *testing.T, b Backend) {
	f := start(t, b)
	f.say("a", ann, "1")
	f.say("b", ann, "2")
	f.fill("a", chat.MaxActMessages)
	before := f.contents()
	since := noon.Add(time.Millisecond)
	for name, s := range map[string]chat.Step{
		"purge":    chat.PurgeStep{Authors: []chat.UserID{ann, bob}},
		"in rooms": chat.PurgeStep{Authors: []chat.UserID{ann, bob}, Rooms: []string{"a", "c*"}},
		"delete":   chat.HideStep{Room: "a", IDs: slices.Repeat([]chat.MessageID{"x"}, chat.MaxActMessages+1)},
	} {
		if s, ok := s.(chat.HideStep); ok {
			for i := range s.IDs {
				s.IDs[i] = chat.MessageID(newID())
			}
		}
		for _, dry := range []bool{false, true} {
			d := f.act(mod, chat.ActPurge, s)
			d.DryRun = dry
			_, err := f.enact(d)
			wantCode(t, name, err, "too_many_messages")
		}
	}
	if after := f.contents(); after["message_hides"] != before["message_hides"] || after["acts"] != before["acts"] {
		t.Errorf("refused acts left something: got %v, then %v", before, after)
	}
	was := f.snapshot("a").Room
	most := chat.PurgeStep{Authors: []chat.UserID{bob}, Since: since, Until: since.Add((chat.MaxShownAgain + 1) * time.Millisecond)}
	purge := f.must(chat.ActPurge, most)
	if n := f.number(`SELECT count(*) FROM messages WHERE hidden = 1`); n != chat.MaxShownAgain+1 {
		t.Fatalf("got %d hidden", n)
	}
	undo := f.undone(purge)
	if now := f.snapshot("a").Room; len(undo.Events) != 0 || !slices.Equal(undo.Reset, []chat.RoomID{"a"}) || now.Epoch == was.Epoch {
		t.Errorf("undone: got %d events, %v reset, epoch %q after %q, want readers to start afresh",
			len(undo.Events), undo.Reset, now.Epoch, was.Epoch)
	}
	if n := f.number(`SELECT count(*) FROM messages WHERE hidden = 1`); n != 0 || undo.Act.Effects[0].Count != chat.MaxShownAgain+1 {
		t.Errorf("undone: got %d hidden, %+v", n, undo.Act.Effects)
	}
	most.Until = most.Until.Add(-time.Millisecond)
	if undo := f.undone(f.must(chat.ActPurge, most)); len(undo.Events) == 0 || len(undo.Reset) != 0 {
		t.Errorf("as many as are shown again: got %d events, %v reset", len(undo.Events), undo.Reset)
	}
}
