package config

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of settings into docs/configuration.md")

const (
	docsFile  = "../docs/configuration.md"
	docsBegin = "<!-- settings: made by go generate ./config -->\n"
	docsEnd   = "<!-- /settings -->\n"
)

// TestDocs holds docs/configuration.md to the struct: every setting, its names, its
// default and its meaning.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(b), docsBegin)
	_, after, ok2 := strings.Cut(rest, docsEnd)
	if !ok1 || !ok2 {
		t.Fatalf("%s lacks the marks of the table", docsFile)
	}
	want := before + docsBegin + docsTable() + docsEnd + after
	if *update {
		if err := os.WriteFile(docsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(b) != want {
		t.Errorf("%s isn't what the struct says; run: go generate ./config", docsFile)
	}
}

func docsTable() string {
	var b strings.Builder
	for _, g := range groups {
		fmt.Fprintf(&b, "\n### %s\n\n| setting | default | meaning | allowed |\n|---|---|---|---|\n", g[1])
		for _, s := range schema() {
			if s.group != g[0] {
				continue
			}
			def := "none"
			if s.def != "" {
				def = "`" + s.def + "`"
			}
			names := fmt.Sprintf("`--%s`<br>`%s`", s.name, s.env)
			if s.key != "" {
				names += fmt.Sprintf("<br>`%s`", s.key)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", names, def, s.help, allowed(s))
		}
	}
	return b.String() + "\n"
}

// allowed is what a refusal of the setting would say.
func allowed(s setting) string {
	var scratch Settings
	target := s.value(&scratch)
	if target.Kind() == reflect.String && s.tag.Get("is") == "" {
		return "any text"
	}
	err := decode(target, s.tag, "\x00")
	if s.tag.Get("is") == "filled" {
		err = decode(target, s.tag, "")
	}
	if err == nil {
		return "any text"
	}
	return strings.ReplaceAll(err.Error(), "|", `\|`)
}

func TestEverySettingIsDescribed(t *testing.T) {
	titles := map[string]bool{}
	for _, g := range groups {
		titles[g[0]] = true
	}
	for _, s := range schema() {
		if s.name == "" || !titles[s.group] || !strings.HasSuffix(s.help, ".") {
			t.Errorf("setting %+v lacks a name, a known group or a sentence", s)
		}
		var scratch Settings
		if err := decode(s.value(&scratch), s.tag, s.def); err != nil {
			t.Errorf("%s: its own default is refused: %v", s.name, err)
		}
		if is := s.tag.Get("is"); is != "" && !strings.Contains(is, "|") && checks[is] == nil {
			t.Errorf("%s: no check is called %q", s.name, is)
		}
	}
}
