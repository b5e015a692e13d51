package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/store"
	"github.com/chatd/chatd/store/storetest"
)

// TestMessagesAreFoundByIndex: SQLite, which has no statistics, takes the index that each
// statement is made for, in its order, and sorts nothing but the rare.
func TestMessagesAreFoundByIndex(t *testing.T) {
	t.Parallel()
	r := storetest.Start(t, sqliteBackend(store.Power))
	noon := time.UnixMilli(1)
	for name, tt := range map[string]struct {
		want chat.MessageQuery
		plan map[string]string // by what is looked for first
	}{
		"all":        {chat.MessageQuery{}, map[string]string{"time": "messages_at "}},
		"since":      {chat.MessageQuery{Since: noon, Until: noon.Add(time.Hour)}, map[string]string{"time": "messages_at (at>? AND at<?)"}},
		"room":       {chat.MessageQuery{Room: "a"}, map[string]string{"time": "messages_room_at (room=?"}},
		"visible":    {chat.MessageQuery{Room: "a", Visible: true}, map[string]string{"time": "messages_room_at (room=?"}},
		"deleted":    {chat.MessageQuery{Flag: chat.FlagDeleted}, map[string]string{"time": "messages_deleted "}},
		"in a room":  {chat.MessageQuery{Flag: chat.FlagDeleted, Room: "a"}, map[string]string{"time": "messages_deleted_room (room=?"}},
		"edited":     {chat.MessageQuery{Flag: chat.FlagEdited}, map[string]string{"time": "messages_edited "}},
		"edited in":  {chat.MessageQuery{Flag: chat.FlagEdited, Room: "a"}, map[string]string{"time": "messages_edited_room (room=?"}},
		"shadow":     {chat.MessageQuery{Flag: chat.FlagShadow}, map[string]string{"time": "messages_shadow "}},
		"shadow in":  {chat.MessageQuery{Flag: chat.FlagShadow, Room: "a"}, map[string]string{"time": "messages_shadow_room (room=?"}},
		"author":     {chat.MessageQuery{User: "u:a"}, map[string]string{"author": "messages_author_at (author_id=?"}},
		"author in":  {chat.MessageQuery{User: "u:a", Room: "a"}, map[string]string{"author": "messages_author_at (author_id=?"}},
		"author del": {chat.MessageQuery{User: "u:a", Flag: chat.FlagDeleted}, map[string]string{"author": "messages_author_at (author_id=?"}},
		"words":      {chat.MessageQuery{Tokens: []string{"x", "y"}, User: "u:a"}, map[string]string{"words": "SCAN s VIRTUAL TABLE INDEX"}},
		"words in":   {chat.MessageQuery{Tokens: []string{"x", "y"}, Room: "a"}, map[string]string{"words": "SCAN s VIRTUAL TABLE INDEX"}},
		"prefix in": {chat.MessageQuery{Tokens: []string{"x"}, Prefix: true, Room: "a"}, map[string]string{
			"words": "SCAN s VIRTUAL TABLE INDEX", "time": "messages_room_at (room=?"}},
	} {
		for by, q := range store.FindQueries(tt.want) {
			plan := r.Plan("EXPLAIN QUERY PLAN "+q.Text, q.Args...)
			if index := tt.plan[by]; !strings.Contains(plan+" ", index) || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s by %s:\n%s\ngot the plan\n%s\nwant %q, and nothing sorted", name, by, q.Text, plan, index)
			}
		}
	}
	for _, q := range store.AroundQueries {
		if plan := r.Plan("EXPLAIN QUERY PLAN "+q.Text, q.Args...); !strings.Contains(plan, "messages_room_at (room=? AND") || strings.Contains(plan, "TEMP") {
			t.Errorf("%s\ngot the plan\n%s", q.Text, plan)
		}
	}
}
