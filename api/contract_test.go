package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	chatd "github.com/chatd/chatd"
	"github.com/chatd/chatd/chat"
)

// TestRoutesMatchTheContract fails when an operation has no route, or a route no operation.
func TestRoutesMatchTheContract(t *testing.T) {
	contract, err := readContract(chatd.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for key := range contract.routes {
		want = append(want, key)
	}
	e := echo.New()
	s := &server{echo: e}
	s.gate = &gate{}
	s.Chat = &chat.Service{}
	s.routes(contract)
	var got []string
	for _, r := range e.Routes() {
		if strings.HasPrefix(r.Path, "/api/") && r.Method != echo.RouteNotFound {
			got = append(got, r.Method+" "+r.Path)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got routes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestContractIsValid(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(chatd.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestContractBounds holds the contract's bounds to the core's.
func TestContractBounds(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(chatd.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	property := func(schema, name string) *openapi3.Schema {
		return doc.Components.Schemas[schema].Value.Properties[name].Value
	}
	for name, want := range map[string]uint64{"title": chat.MaxTitle, "topic": chat.MaxTopic} {
		if got := *property("SettingsPatch", name).MaxLength; got != want {
			t.Errorf("%s: got at most %d characters, want %d", name, got, want)
		}
	}
	for name, want := range map[string]float64{
		"min_length": chat.MaxMaxLength, "max_length": chat.MaxMaxLength, "history": chat.MaxHistory,
		"retain_count": chat.MaxRetainCount, "retain_seconds": chat.MaxRetainFor.Seconds(),
		"slow_mode_seconds": chat.MaxSlowMode.Seconds(), "members_limit": chat.MaxMembers,
	} {
		if got := *property("SettingsPatch", name).Max; got != want {
			t.Errorf("%s: got at most %v, want %v", name, got, want)
		}
	}
	if got := *property("SanctionDraft", "duration_seconds").Max; got != chat.MaxSanction.Seconds() {
		t.Errorf("duration_seconds: got at most %v, want %v", got, chat.MaxSanction.Seconds())
	}
	if got := *property("SanctionDraft", "reason").MaxLength; got != chat.MaxReason {
		t.Errorf("reason: got at most %d characters, want %d", got, chat.MaxReason)
	}
}

// TestEveryKindHasAStatus walks the core's kinds through the table.
func TestEveryKindHasAStatus(t *testing.T) {
	for _, k := range chat.Kinds() {
		status, ok := statuses[k]
		if !ok || http.StatusText(status) == "" || status < 400 {
			t.Errorf("kind %d: got status %d, want one of a refusal", k, status)
		}
		p := problem(chat.Refuse(k, "some_code", "Some words."))
		if p.Status != status || p.Title != http.StatusText(status) {
			t.Errorf("kind %d: got %d %q, want %d", k, p.Status, p.Title, status)
		}
	}
	if got, want := len(statuses), len(chat.Kinds()); got != want {
		t.Errorf("got %d statuses, want %d", got, want)
	}
}
