package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chatd/chatd/bench/load"
)

func ran(scenario, subject string, values ...float64) (of []result) {
	for _, v := range values {
		of = append(of, result{Scenario: scenario, Subject: subject, Metrics: metrics{"cpu_million": v}})
	}
	return of
}

func TestMedian(t *testing.T) {
	of := append(ran("s", "chatd", 9, 1, 2), ran("s", "gws", 5)...)
	for subject, want := range map[string]float64{"chatd": 2, "gws": 5} {
		if got, ok := median(of, subject, "cpu_million"); !ok || got != want {
			t.Errorf("%s: got %g, want %g", subject, got, want)
		}
	}
	if _, ok := median(of, "melody", "cpu_million"); ok {
		t.Error("who wasn't measured has a median")
	}
	if got, _ := median(ran("s", "chatd", 1, 2, 5, 9), "chatd", "cpu_million"); got != 3.5 {
		t.Errorf("got %g of four, want 3.5", got)
	}
}

func TestRatios(t *testing.T) {
	s := scenario{mode: "fixed", readers: 1000, rate: 40}
	of := append(ran(s.name(), "chatd", 3), ran(s.name(), "centrifuge", 12)...)
	of = append(of, ran("fixed 5x5", "bare-one", 1)...)

	if got, want := ratioTable([]scenario{s}, of), "| fixed 1000x40 | CPU-s a million | 0.25 | | |"; !strings.Contains(got, want) {
		t.Errorf("got %s, want it to have %s", got, want)
	}
	if got := ratioTable([]scenario{s}, of[:1]); got != "" {
		t.Errorf("got %q of chatd alone, want nothing", got)
	}
}

func TestFaultsAreTold(t *testing.T) {
	of := []result{
		{Subject: "chatd", Faults: load.Faults{Lost: 2}, Closed: map[string]int64{"4001 slow_reader": 3}},
		{Subject: "chatd", Faults: load.Faults{Lost: 1}, Failed: "it is stuck"},
		{Subject: "gws"},
	}
	if got, want := faults(of, "chatd"), "3 ended 4001 slow_reader; 3 lost; it is stuck"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := faults(of, "gws"); got != "none" {
		t.Errorf("got %q, want none", got)
	}
}

func TestDocHasTheResults(t *testing.T) {
	page := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(page, []byte("# Before\n"+docBegin+"old\n"+docEnd+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	points := []scenario{{mode: "fixed", readers: 10, rate: 20, curve: "readers"}, {mode: "fixed", readers: 1000, rate: 20, curve: "readers"}}
	results := append(ran(points[0].name(), "chatd", 60), ran(points[1].name(), "chatd", 6)...)

	for range 2 { // what is written can be written again
		if err := writeDoc(t.Context(), page, options{runs: 3}, "RATIOS\n", "TABLES\n", points, results); err != nil {
			t.Fatal(err)
		}
	}

	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Before\n", "after\n", "RATIOS", "TABLES", "](performance-readers.svg)", "](performance-rate.svg)"} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("the page lacks %q, or has it twice:\n%s", want, text)
		}
	}
	for _, name := range []string{"readers", "rate"} {
		checkXML(t, filepath.Join(filepath.Dir(page), "performance-"+name+".svg"))
	}
}

func checkXML(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := xml.NewDecoder(f)
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
}

func TestTheTableIsRunnable(t *testing.T) {
	for _, s := range append(table, curves()...) {
		if modes[s.mode] == nil || columnsOf(s.mode) == nil || len(s.subjects()) == 0 {
			t.Errorf("%s: no such mode, nothing to tell, or nobody to measure", s.name())
		}
	}
	for _, args := range [][]string{{"-mode", "dream"}, {"-peers", "nobody"}, {"fixed"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is understood", args)
		}
	}
}
