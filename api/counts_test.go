package api

import (
	"slices"
	"testing"

	"github.com/chatd/chatd/chat"
)

func TestCounts(t *testing.T) {
	effects := []chat.ActEffect{
		{What: "sanction_made", Subject: "1"},
		{What: "messages_hidden", Room: "ra", Count: 2, Messages: []chat.MessageID{"1", "2"}},
		{What: "messages_hidden", Room: "rb", Count: 70_000},
		{What: "messages_hidden", Scope: "team-*"}, // nothing there
		{What: "messages_restored", Room: "ra"},    // nothing at all
		{What: "sanction_made", Subject: "2"},
	}
	want := []ActCount{{What: "sanction_made", Count: 2}, {What: "messages_hidden", Count: 70_002}}
	if got := counts(effects); !slices.Equal(got, want) {
		t.Errorf("counts %+v, want %+v", got, want)
	}
}
