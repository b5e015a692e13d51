package api

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	chatd "github.com/chatd/chatd"
	"github.com/chatd/chatd/chat"
)

// TestContractBoundsOfModeration holds the contract's bounds of what staff do to the core's.
func TestContractBoundsOfModeration(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(chatd.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	property := func(schema, name string) *openapi3.Schema {
		return doc.Components.Schemas[schema].Value.Properties[name].Value
	}
	for _, tt := range []struct {
		schema, name string
		want         uint64
	}{
		{"SanctionDraft", "note", chat.MaxNote}, {"SanctionEntry", "reason", chat.MaxReason}, {"LockdownDraft", "reason", chat.MaxReason},
		{"NoteDraft", "text", chat.MaxNote}, {"NoticeDraft", "text", chat.MaxNotice}, {"SanctionDraft", "scope", chat.MaxRoomID},
	} {
		if got := *property(tt.schema, tt.name).MaxLength; got != tt.want {
			t.Errorf("%s.%s: got at most %d characters, want %d", tt.schema, tt.name, got, tt.want)
		}
	}
	for _, tt := range []struct {
		schema, name string
		want         uint64
	}{
		{"IDList", "ids", chat.MaxBulk}, {"SanctionImport", "sanctions", chat.MaxBulk}, {"SanctionDraft", "evidence", chat.MaxEvidence},
		{"Disconnection", "connections", chat.MaxBulk},
	} {
		if got := *property(tt.schema, tt.name).MaxItems; got != tt.want {
			t.Errorf("%s.%s: got at most %d items, want %d", tt.schema, tt.name, got, tt.want)
		}
	}
	for _, tt := range []struct {
		schema, name string
		want         float64
	}{
		{"LockdownDraft", "for_seconds", chat.MaxLockdown.Seconds()}, {"LockdownDraft", "seconds", chat.MaxKnown.Seconds()},
		{"SanctionDraft", "interval_seconds", chat.MaxSlowMode.Seconds()}, {"SanctionDraft", "address_for_seconds", chat.MaxAddressFor.Seconds()},
	} {
		if got := *property(tt.schema, tt.name).Max; got != tt.want {
			t.Errorf("%s.%s: got at most %v, want %v", tt.schema, tt.name, got, tt.want)
		}
	}
	if got := *property("Selection", "users").MaxItems; got > chat.MaxSelectedUsers {
		t.Errorf("Selection.users: got at most %d, want no more than %d", got, chat.MaxSelectedUsers)
	}
}
