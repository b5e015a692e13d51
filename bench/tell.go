package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// column is a metric as it is told.
type column struct {
	metric, title string
	show          func(float64) string
}

func count(v float64) string {
	switch {
	case math.Abs(v) >= 1e6:
		return fmt.Sprintf("%.2f M", v/1e6)
	case math.Abs(v) >= 1e4:
		return fmt.Sprintf("%.0f k", v/1e3)
	case v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
func seconds(v float64) string { return fmt.Sprintf("%.2f s", v) }
func short(v float64) string   { return time.Duration(v * 1e9).Round(10 * time.Microsecond).String() }
func micro(v float64) string   { return fmt.Sprintf("%.0f µs", v*1e6) }
func plain(v float64) string   { return fmt.Sprintf("%.2f", v) }
func mega(v float64) string    { return fmt.Sprintf("%.0f MB", v/1e6) }
func kilo(v float64) string    { return fmt.Sprintf("%.1f KB", v/1e3) }
func whole(v float64) string   { return fmt.Sprintf("%.0f", v) }

var delivery = []column{
	{"deliveries", "deliveries/s", count}, {"cpu_million", "CPU-s a million", plain}, {"cpu_message", "CPU a message", micro}, {"cpu", "cores", plain},
	{"p50", "p50", short}, {"p99", "p99", short}, {"max", "max", short}, {"rss", "memory", mega},
	{"bytes", "bytes each", whole}, {"generator", "generator's cores", plain},
}

var columns = map[string][]column{
	"saturated": delivery, "fixed": delivery, "rooms": delivery,
	"idle": {{"connection", "a connection", kilo}, {"socket", "in the kernel", kilo}, {"base", "without any", mega}, {"cpu_connect", "CPU a connect", micro}},
	"storm": {{"seconds", "all back in", seconds}, {"cpu_total", "CPU-s", plain}, {"cpu_connect", "CPU a reader", micro}, {"peak", "peak memory", mega},
		{"growth", "growth", mega}, {"bytes_connect", "bytes each", whole}, {"generator", "generator's cores", plain}},
	"overload": {{"offered", "offered", count}, {"refused", "refused", count}, {"in_time", "there after 4 s", count}, {"missing", "missing 10 s later", count},
		{"seconds", "waited", seconds}, {"p99", "p99", short}, {"peak", "peak memory", mega}, {"sockets", "socket buffers", mega}},
	"slow": {{"p99_before", "p99 without", short}, {"p99", "p99 with", short}, {"p99_ratio", "ratio", plain}, {"read_on", "read on", whole},
		{"told", "told to come back", whole}, {"recovered", "recovered in full", whole}, {"peak", "peak memory", mega}, {"sockets", "socket buffers", mega}},
}

// ratios are told of these: what is measured divided by what others have.
var ratios = map[string][]string{
	"saturated": {"deliveries", "cpu_million"}, "fixed": {"cpu_million", "p99"}, "rooms": {"cpu_million", "p99"},
	"idle": {"connection"}, "storm": {"seconds", "cpu_total", "peak"},
}

// against is what ratios are made to.
var against = []string{"centrifuge", "bare-one", "bare-all"}

func columnsOf(mode string) []column {
	if mode == "recover" {
		mode = "storm"
	}
	return columns[mode]
}

func ratiosOf(mode string) []string {
	if mode == "recover" {
		mode = "storm"
	}
	return ratios[mode]
}

// median of the runs that have the metric; ok is false when none has.
func median(of []result, subject, metric string) (v float64, ok bool) {
	var all []float64
	for _, r := range of {
		if x, has := r.Metrics[metric]; has && r.Subject == subject {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	slices.Sort(all)
	if n := len(all); n%2 == 0 {
		return (all[n/2-1] + all[n/2]) / 2, true
	}
	return all[len(all)/2], true
}

// scenarioTable has the medians of a scenario.
func scenarioTable(s scenario, of []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n| |", s.name())
	cols := columnsOf(s.mode)
	for _, c := range cols {
		fmt.Fprintf(&b, " %s |", c.title)
	}
	b.WriteString(" faults |\n|---|" + strings.Repeat("---|", len(cols)+1) + "\n")
	for _, subject := range s.subjects() {
		fmt.Fprintf(&b, "| %s |", subject)
		for _, c := range cols {
			if v, ok := median(of, subject, c.metric); ok {
				fmt.Fprintf(&b, " %s |", c.show(v))
			} else {
				b.WriteString(" - |")
			}
		}
		fmt.Fprintf(&b, " %s |\n", faults(of, subject))
	}
	return b.String()
}

// ratioTable has what chatd needs or does, divided by what others do.
func ratioTable(scenarios []scenario, results []result) string {
	var b strings.Builder
	for _, s := range scenarios {
		var of []result
		for _, r := range results {
			if r.Scenario == s.name() {
				of = append(of, r)
			}
		}
		for _, metric := range ratiosOf(s.mode) {
			if cells, ok := ratioCells(of, metric); ok {
				fmt.Fprintf(&b, "| %s | %s |%s\n", s.name(), titleOf(s.mode, metric), cells)
			}
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\n### Ratios\n\n| chatd divided by | | " + strings.Join(against, " | ") + " |\n|---|---|" +
		strings.Repeat("---|", len(against)) + "\n" + b.String()
}

// ratioCells are a row's; ok is false when there is nothing to compare.
func ratioCells(of []result, metric string) (cells string, ok bool) {
	v, has := median(of, "chatd", metric)
	for _, other := range against {
		o, had := median(of, other, metric)
		if !has || !had || o == 0 {
			cells += " |"
			continue
		}
		cells += fmt.Sprintf(" %.2f |", v/o)
		ok = true
	}
	return cells, ok
}

func titleOf(mode, metric string) string {
	for _, c := range columnsOf(mode) {
		if c.metric == metric {
			return c.title
		}
	}
	return metric
}

// faults names what went wrong in any run of a subject.
func faults(of []result, subject string) string {
	seen := make(map[string]int64)
	var failed []string
	for _, r := range of {
		if r.Subject != subject {
			continue
		}
		seen["lost"] += r.Faults.Lost
		seen["doubled"] += r.Faults.Doubled
		seen["reordered"] += r.Faults.Reordered
		seen["foreign"] += r.Faults.Foreign
		for why, n := range r.Closed {
			seen["ended "+why] += n
		}
		for code, n := range r.Refused {
			seen["refused "+code] += n
		}
		if r.Failed != "" {
			failed = append(failed, r.Failed)
		}
	}
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(seen)) {
		if n := seen[what]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", count(float64(n)), strings.TrimSpace(what)))
		}
	}
	if parts = append(parts, failed...); len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, "; ")
}
