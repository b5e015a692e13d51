package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// SQLite commits into a log beside the database (WAL). A checkpoint moves what is there into the database and syncs
// both, which takes tens of milliseconds: it is made beside the committer, not within a commit. While commits go on the log never is empty, and
// grows, unless the committer waits for what little came during the last checkpoint; then the log begins anew. SQLite syncs the database only
// where all of the log was moved, so that is done before: the committer waits for what came since.
const (
	checkpointEvery = 500 * time.Millisecond // how often it is looked whether one is due
	checkpointPages = 4_000                  // in the log, about 16 MB, make it due
	checkpointAfter = 5 * time.Second        // and so do fewer that have waited for so long
	checkpointAnew  = 16_000                 // pages in the log, moved or not, that have it begin anew
	// checkpointBound has commits make checkpoints themselves when all of that has failed: before run, or on a disk that is too slow.
	checkpointBound = 64_000
)

// walState is how many pages are in the log, and how many of them were moved.
type walState struct{ logged, moved int }

func (w walState) waiting() int { return w.logged - w.moved }

// run implements dialect: it makes checkpoints until ctx has ended.
func (d *sqliteDB) run(ctx context.Context) error {
	t := time.NewTicker(checkpointEvery)
	defer t.Stop()
	since := time.Now() // nothing has waited for longer
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-t.C:
			w, err := checkpointOn(ctx, d.keeper, "NOOP")
			if err == nil && w.waiting() == 0 {
				since = now
			}
			if err == nil && (w.waiting() >= checkpointPages || now.Sub(since) >= checkpointAfter) {
				since = now
				err = d.checkpointBeside(ctx)
			}
			if err != nil && ctx.Err() == nil {
				d.cfg.Logger.Warn("a checkpoint failed, trying again", "error", err)
			}
		}
	}
}

// checkpointBeside makes a checkpoint while commits go on.
func (d *sqliteDB) checkpointBeside(ctx context.Context) error {
	w, err := checkpointOn(ctx, d.keeper, "PASSIVE")
	if err == nil && w.waiting() > 0 {
		w, err = checkpointOn(ctx, d.keeper, "PASSIVE") // what came meanwhile is less
	}
	if err == nil && w.waiting() > 0 && w.logged >= checkpointAnew {
		if err = d.file.Sync(); err != nil {
			return fmt.Errorf("sync: %w", err)
		}
		_, err = checkpointOn(ctx, d.writer, "PASSIVE") // nobody commits meanwhile
	}
	return err
}

// checkpointOn makes a checkpoint on a connection of a pool. It never waits for readers: what they still need of the log stays there.
func checkpointOn(ctx context.Context, pool *sql.DB, mode string) (w walState, err error) {
	var busy int
	if err := pool.QueryRowContext(ctx, `PRAGMA wal_checkpoint(`+mode+`)`).Scan(&busy, &w.logged, &w.moved); err != nil {
		return w, fmt.Errorf("checkpoint: %w", err)
	}
	return w, nil
}
