package store_test

import (
	"strings"
	"testing"

	"github.com/chatd/chatd/store"
	"github.com/chatd/chatd/store/storetest"
)

// TestHiddenMessagesAreNotReadPast: rooms are joined and paged by the index that holds
// visible messages only, so that a purge of very many costs later readers nothing.
func TestHiddenMessagesAreNotReadPast(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		backend storetest.Backend
		explain string
	}{
		"sqlite":   {sqliteBackend(store.Power), "EXPLAIN QUERY PLAN "},
		"postgres": {postgresBackend(store.Power), "EXPLAIN "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := storetest.Start(t, tt.backend)
			if name == "postgres" {
				r.Exec(`SET enable_seqscan = off`) // which is cheaper while the table is empty
			}
			for index, queries := range map[string]map[string]int{
				"messages_visible": store.VisibleQueries, "messages_own": store.OwnQueries,
			} {
				for query, n := range queries {
					plan := r.Plan(tt.explain+query, []any{"a", 5, 5, "u:ann"}[:n]...)
					if used := strings.Count(plan, index); used == 0 || strings.Contains(plan, "messages_room_seq") {
						t.Errorf("%s\ngot the plan\n%s\nwant it to use %s", query, plan, index)
					}
				}
			}
		})
	}
}

// TestViewersAreLookedUpByIndex: what is a joiner's own costs a look-up each, however many wait, read or are shadowed there.
func TestViewersAreLookedUpByIndex(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		backend storetest.Backend
		explain string
		indexes []string
	}{
		"sqlite": {sqliteBackend(store.Power), "EXPLAIN QUERY PLAN ",
			[]string{"read_markers_1 (user_id=? AND room=?)", "events_only (room=? AND only_id=?)", "held_author (author_id=? AND room=?)"}},
		"postgres": {postgresBackend(store.Power), "EXPLAIN ", []string{"read_markers_pkey", "(only_id = ", "held"}}, // which index of held depends on how many wait
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := storetest.Start(t, tt.backend)
			if name == "postgres" {
				r.Exec(`SET enable_seqscan = off`)
			}
			plan := r.Plan(tt.explain+store.OwnOfViewers, "a", "u:ann", "u:bob")
			for _, index := range tt.indexes {
				if !strings.Contains(plan, index) {
					t.Errorf("got the plan\n%s\nwant it to use %s", plan, index)
				}
			}
		})
	}
}
