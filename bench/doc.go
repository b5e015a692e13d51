package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// What the page of docs has between these is written by this program.
const (
	docFile  = "../docs/performance.md"
	docBegin = "<!-- results: made by make bench ARGS=-write -->\n"
	docEnd   = "<!-- /results -->\n"
)

// writeDoc puts the results into the page docFile, and the plots beside it.
func writeDoc(ctx context.Context, docFile string, o options, ratios, tables string, points []scenario, results []result) error {
	page, err := os.ReadFile(docFile)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	before, rest, ok1 := strings.Cut(string(page), docBegin)
	_, after, ok2 := strings.Cut(rest, docEnd)
	if !ok1 || !ok2 {
		return errors.New(docFile + " lacks the marks of the results")
	}
	var b strings.Builder
	b.WriteString(before + docBegin)
	fmt.Fprintf(&b, "\nMeasured on %s: %s. %d runs of %s each, interleaved; medians.\n", time.Now().UTC().Format("2006-01-02"), machine(ctx), o.runs, o.window)
	b.WriteString(ratios)
	b.WriteString("\n### Cost of a delivery\n")
	for _, curve := range []struct{ name, title, x string }{
		{"readers", "A room with 20 messages a second", "readers"},
		{"rate", "A room of 1,000 readers", "messages a second"},
	} {
		file := "performance-" + curve.name + ".svg"
		text := plot(curve.title, curve.x, "CPU µs a delivery", linesOf(curve.name, points, results))
		if err := os.WriteFile(filepath.Join(filepath.Dir(docFile), file), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write the plot: %w", err)
		}
		fmt.Fprintf(&b, "\n![%s: CPU time a delivery by %s](%s)\n", curve.title, curve.x, file)
	}
	b.WriteString(tables + "\n" + docEnd + after)
	return os.WriteFile(docFile, []byte(b.String()), 0o644)
}

// linesOf are the points of a plot by subject.
func linesOf(curve string, points []scenario, results []result) (lines []line) {
	for _, subject := range withBare {
		l := line{name: subject}
		for _, s := range points {
			if s.curve != curve {
				continue
			}
			var of []result
			for _, r := range results {
				// What a subject couldn't sustain costs something else.
				if r.Scenario == s.name() && r.Failed == "" {
					of = append(of, r)
				}
			}
			x := s.rate
			if curve == "readers" {
				x = float64(s.readers)
			}
			if y, ok := median(of, subject, "cpu_million"); ok {
				l.x, l.y = append(l.x, x), append(l.y, y)
			}
		}
		lines = append(lines, l)
	}
	return lines
}

// machine says what it was measured on.
func machine(ctx context.Context) string {
	model := runtime.GOARCH
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(b), "model name"); ok {
			line, _, _ := strings.Cut(rest, "\n")
			model = strings.TrimLeft(line, "\t :")
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	version := "an unknown version"
	if out, err := exec.CommandContext(ctx, "git", "describe", "--tags", "--always", "--dirty").Output(); err == nil {
		version = strings.TrimSpace(string(out))
	}
	return fmt.Sprintf("%s, %d cores, load generator included; Linux %s, %s, chatd %s",
		model, runtime.NumCPU(), strings.TrimSpace(string(kernel)), runtime.Version(), version)
}
