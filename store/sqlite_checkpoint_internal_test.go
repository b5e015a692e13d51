package store

import (
	"context"
	"sync"
	"testing"
	"time"
)

// TestCheckpointsBeside: what is committed is moved into the database while commits go on, and the log begins anew.
func TestCheckpointsBeside(t *testing.T) {
	t.Parallel()
	cfg, err := Config{DataDir: t.TempDir(), Durability: Process}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	d, err := openSQLite(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.close(context.Background(), false); err != nil {
			t.Error(err)
		}
	}()
	exec := func(query string, args ...any) {
		if _, err := d.writer.ExecContext(t.Context(), query, args...); err != nil {
			t.Error(err)
		}
	}
	state := func() walState {
		w, err := checkpointOn(t.Context(), d.keeper, "NOOP")
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	exec(`CREATE TABLE filler (b BLOB)`)
	const mb = 1 << 20
	for range checkpointAnew * 4096 / mb {
		exec(`INSERT INTO filler VALUES ($1)`, make([]byte, mb))
	}
	if w := state(); w.logged < checkpointAnew || w.moved > 0 {
		t.Fatalf("got %+v before any checkpoint, want %d pages in the log, none of them moved", w, checkpointAnew)
	}

	ctx, stop := context.WithCancel(t.Context())
	var others sync.WaitGroup
	others.Go(func() {
		for ctx.Err() == nil {
			exec(`INSERT INTO filler VALUES ('x')`)
		}
	})
	others.Go(func() {
		if err := d.run(ctx); err != nil {
			t.Error(err)
		}
	})
	late := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for w := state(); w.logged >= checkpointAnew; w = state() {
		select {
		case <-tick.C:
			continue
		case <-late:
			t.Errorf("the log never began anew: %+v", w)
		}
		break
	}
	stop()
	others.Wait()
}
