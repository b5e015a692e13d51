package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// lockFile keeps other processes out of a data folder for as long as it is open.
type lockFile struct{ f *os.File }

// lockFolder takes a data folder for this process alone.
func lockFolder(dir string) (*lockFile, error) {
	f, err := os.OpenFile(filepath.Join(dir, "chatd.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: lock the data folder: %w", err)
	}
	if err := tryLock(f); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 64))
		return nil, errors.Join(fmt.Errorf("store: the data folder %s is in use by another chatd (process %s): "+
			"one process at a time may use a data folder; stop the other one, give this one a folder of its own, "+
			"or let both use one PostgreSQL database: %w", dir, strings.TrimSpace(string(holder)), err), f.Close())
	}
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		return nil, errors.Join(fmt.Errorf("store: lock the data folder: %w", err), f.Close())
	}
	return &lockFile{f: f}, nil
}

func writePID(f *os.File) error {
	_, err := f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

// release lets others in. The file stays: deleting it would let two in.
func (l *lockFile) release() error {
	if l == nil {
		return nil
	}
	return l.f.Close()
}
