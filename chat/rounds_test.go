package chat

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Who asks while others' reading is under way shares the next one, however many they are.
func TestRoundsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds[int, []int]()
		var readings [][]int
		read := func(_ context.Context, asked []int) ([]int, error) {
			time.Sleep(time.Second)
			readings = append(readings, slices.Sorted(slices.Values(asked)))
			return asked, nil
		}
		var all sync.WaitGroup
		ask := func(q int) {
			all.Go(func() {
				if got, err := r.ask(t.Context(), q, nil, read); err != nil || !slices.Contains(got, q) {
					t.Errorf("asked %d: got %v, %v", q, got, err)
				}
			})
		}
		ask(0)
		synctest.Wait()
		for q := range 20 {
			ask(q + 1)
		}
		all.Wait()
		if len(readings) != 2 || len(readings[0]) != 1 || len(readings[1]) != 20 {
			t.Errorf("got the readings %v, want one for the first and one for all the others", readings)
		}
	})
}

// Who hangs up leaves the others their reading, and a reading that panics is an error to those who wait for it.
func TestRoundsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds[int, int]()
		slow := func(context.Context, []int) (int, error) { time.Sleep(time.Second); return 7, nil }
		leaving, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { // reads, though it has hung up by then
			if got, err := r.ask(leaving, 1, nil, slow); got != 7 || err != nil {
				t.Errorf("who reads: got %d, %v", got, err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if _, err := r.ask(leaving, 2, nil, slow); !errors.Is(err, context.Canceled) {
				t.Errorf("who hung up while waiting: got %v", err)
			}
		})
		all.Go(func() {
			if got, err := r.ask(t.Context(), 3, func() time.Duration { return time.Minute }, slow); got != 7 || err != nil {
				t.Errorf("who waited with them: got %d, %v", got, err)
			}
		})
		synctest.Wait()
		leave()
		all.Wait()

		all.Go(func() {
			defer func() { _ = recover() }()
			_, _ = r.ask(t.Context(), 4, nil, func(context.Context, []int) (int, error) { panic("broken") })
		})
		all.Wait()
		if got, err := r.ask(t.Context(), 5, nil, slow); got != 7 || err != nil {
			t.Errorf("after a panic: got %d, %v", got, err)
		}
	})
}
