package live

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Counted is something and how many.
type Counted struct {
	ID    string
	Count int
}

// Top returns the n with the largest counts, the largest first; equal ones by id.
func Top(counts map[string]int, n int) []Counted {
	all := make([]Counted, 0, len(counts))
	for id, c := range counts {
		all = append(all, Counted{id, c})
	}
	slices.SortFunc(all, func(x, y Counted) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), strings.Compare(x.ID, y.ID))
	})
	return all[:min(n, len(all))]
}

const (
	talkStep   = 30 * time.Second
	talkSteps  = 10   // together five minutes
	talkersMax = 2000 // in one step; those who write first count
)

// talk counts who writes, over the last five minutes.
type talk struct {
	steps [talkSteps]map[string]int
	last  int64
}

func (t *talk) turn(now time.Time) map[string]int {
	n := now.UnixNano() / int64(talkStep)
	for i := max(t.last+1, n-talkSteps+1); i <= n; i++ {
		t.steps[i%talkSteps] = nil
	}
	t.last = max(t.last, n)
	m := t.steps[t.last%talkSteps]
	if m == nil {
		m = make(map[string]int)
		t.steps[t.last%talkSteps] = m
	}
	return m
}

func (t *talk) add(now time.Time, who string) {
	m := t.turn(now)
	if _, known := m[who]; known || len(m) < talkersMax {
		m[who]++
	}
}

func (t *talk) counts(now time.Time) map[string]int {
	t.turn(now)
	sum := make(map[string]int)
	for _, m := range t.steps {
		for who, n := range m {
			sum[who] += n
		}
	}
	return sum
}
