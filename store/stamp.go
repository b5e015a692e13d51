package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// stampFile lies beside SQLite's database and holds what meta has as its stamp. A
// database that was put back from a backup has another stamp than the file: it changes
// at every start and stop, and with every round of the housekeeper.
//
// It is written after the database. Who dies in between finds a difference at the next
// start, which costs readers a fresh start; no order could miss a restore.
const stampFile = "chatd.stamp"

// readStamp returns the file's stamp, empty where there is none.
func readStamp(dir string) (string, error) {
	f, err := os.Open(filepath.Join(dir, stampFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the stamp: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, 128))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("read the stamp: %w", err)
	}
	return string(text), nil
}

// writeStamp brings a stamp to the disk. All stamps are of one length, so that it
// replaces the one before; a torn one is no stamp that ever was.
func writeStamp(dir, stamp string) error {
	f, err := os.OpenFile(filepath.Join(dir, stampFile), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("write the stamp: %w", err)
	}
	_, err = f.WriteAt([]byte(stamp), 0)
	if err = errors.Join(err, f.Truncate(int64(len(stamp))), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the stamp: %w", err)
	}
	return nil
}

func newStamp() string { return rand.Text() }
