package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/chatd/chatd/config"
)

// newEpoch ends the epoch of every room, of a server that is stopped: readers who return
// are sent their rooms afresh, for what they know may be told by other numbers now.
func newEpoch(ctx context.Context, s config.Settings, stdout, stderr io.Writer) error {
	db, err := openStore(ctx, s, nil, newLogger(s, stderr))
	if err != nil {
		return err
	}
	if err := errors.Join(db.NewGeneration(ctx), db.Close()); err != nil {
		return fmt.Errorf("new-epoch: %w", err)
	}
	_, err = fmt.Fprintln(stdout, "Every room has a new epoch: readers who return start afresh.")
	return err
}
