package policies_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/chatd/chatd/policies"
)

// A room that chose a policy is judged by that one alone; by all of them when it is gone.
func TestChosenPolicy(t *testing.T) {
	set, err := policies.Load(fstest.MapFS{
		"strict.yaml": {Data: []byte("version: 1\nrules:\n  - {id: a, action: reject, terms: [darn, spam]}\n")},
		"mild.yaml":   {Data: []byte("version: 1\nrules:\n  - {id: b, action: reject, terms: [spam]}\nallow: [spam filter]\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if names := set.Names(); !slices.Equal(names, []string{"mild", "strict"}) {
		t.Errorf("got the policies %q", names)
	}
	for _, tt := range []struct {
		text, policy string
		rejects      bool
	}{
		{"darn", "", true}, {"darn", "strict", true}, {"darn", "mild", false}, {"darn", "gone", true},
		{"spam", "mild", true}, {"my spam filter", "mild", false}, {"my spam filter", "strict", true},
	} {
		if got := set.Check(policies.Input{Views: []string{tt.text}, Policy: tt.policy}).Rejects(); got != tt.rejects {
			t.Errorf("%q under %q: rejected %v, want %v", tt.text, tt.policy, got, tt.rejects)
		}
	}
}
