package config

import (
	"strings"
	"testing"
)

func TestYAMLIsStrict(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"empty":                {"", ""},
		"comments":             {"# nothing\n", ""},
		"a marker alone":       {"---\n", ""},
		"plain":                {"addr: :1\n", ""},
		"quoted":               {`addr: ":1"`, ""},
		"JSON":                 {`{"addr": ":1"}`, ""},
		"an empty text":        {`policies_dir: ""`, ""},
		"an empty list":        {"allowed_origins: []", ""},
		"unknown":              {"address: :1", `no setting is called "address"`},
		"another spelling":     {"data-dir: x", "did you mean data_dir?"},
		"capitals":             {"ADDR: :1", "did you mean addr?"},
		"not for the file":     {"config_file: x", `no setting is called "config_file"`},
		"twice":                {"addr: :1\naddr: :2", "second time, first on line 1"},
		"null":                 {"addr: null", "null is no value"},
		"nothing":              {"addr:", "has no value"},
		"a mapping":            {"addr: {port: 1}", "not a mapping"},
		"a list of lists":      {"allowed_origins: [[a]]", "plain values"},
		"a list with commas":   {`allowed_origins: ["a,b"]`, "without commas"},
		"an anchor":            {"addr: &a :1", "anchors"},
		"an alias":             {"data_dir: &a x\npolicies_dir: *a", "anchors"},
		"a tag":                {"addr: !!str :1", "tags"},
		"a merge":              {"<<: {addr: \":1\"}", "no setting is called"},
		"a key that is a list": {"[a]: b", "no setting is called"},
		"two documents":        {"addr: :1\n---\naddr: :2", "more than one document"},
		"a list":               {"- a", "must be settings"},
		"a word":               {"hello", "must be settings"},
		"no YAML":              {"a: [", "is no YAML"},
		"tabs":                 {"\taddr: :1", "is no YAML"},
		"huge":                 {strings.Repeat("#", maxFile+1), "longer than 1 MiB"},
		"a bomb":               {"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]", "no setting is called"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, wrong := parseYAML("chatd.yaml", []byte(tt.text))
			if tt.want == "" && len(wrong) > 0 || !strings.Contains(wrong.Error(), tt.want) {
				t.Errorf("got %v, want %q", wrong, tt.want)
			}
		})
	}
}

// FuzzYAML holds that any file is either read or refused with its name, and that what was
// read is decoded or refused in its turn.
func FuzzYAML(f *testing.F) {
	for _, seed := range []string{"addr: :1\n", "allowed_origins: [a, b]", "a: &a [*a]", "{", "addr: :1\naddr: :2", "? [a]\n: b", "edit_window: 1h\nrate_logins: 1/1s\nsession_queue: 16KiB"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, wrong := parseYAML("chatd.yaml", text)
		for _, p := range wrong {
			if !strings.HasPrefix(p.Source.Where, "chatd.yaml") || p.Message == "" {
				t.Fatalf("got problem %+v, want it to name the file and what is wrong", p)
			}
		}
		var s Settings
		for _, set := range schema() {
			e, ok := entries[set.key]
			if !ok || set.key == "" {
				continue
			}
			if err := decode(set.value(&s), set.tag, e.text); err != nil {
				continue
			}
			// What is accepted and shown is accepted again.
			shown := encode(set.value(&s))
			var again Settings
			if err := decode(set.value(&again), set.tag, shown); err != nil && !strings.Contains(shown, hidden) {
				t.Fatalf("%s: %q is shown as %q, which is refused: %v", set.key, e.text, shown, err)
			}
		}
	})
}

func TestValuesRoundTrip(t *testing.T) {
	for in, want := range map[string]string{"20/10s": "20/10s", "1/60s": "1/1m", "5/90m": "5/1h30m", "1/24h": "1/24h", "off": "off", "3/250ms": "3/250ms"} {
		r, err := ParseRate(in)
		if err != nil || r.String() != want {
			t.Errorf("ParseRate(%q) got %s, %v; want %s", in, r, err, want)
		}
	}
	for in, want := range map[string]string{"0": "0", "1024": "1KiB", "64KiB": "64KiB", "1MiB": "1MiB", "1000": "1000", "1023B": "1023", "2GiB": "2GiB"} {
		s, err := ParseSize(in)
		if err != nil || s.String() != want {
			t.Errorf("ParseSize(%q) got %s, %v; want %s", in, s, err, want)
		}
	}
	for in, want := range map[string]string{"15m": "15m", "off": "off", "forever": "forever", "24h": "24h", "90s": "1m30s"} {
		w, err := ParseWindow(in)
		if err != nil || w.String() != want {
			t.Errorf("ParseWindow(%q) got %s, %v; want %s", in, w, err, want)
		}
	}
	for _, in := range []string{"", "0", "0s", "-1m", "never", "15"} {
		if w, err := ParseWindow(in); err == nil {
			t.Errorf("ParseWindow(%q) got %s, want an error", in, w)
		}
	}
}
