//go:build unix

// Package pgtest runs a real PostgreSQL server for tests: in a temporary folder, on a
// Unix socket of its own, stopped by its process id. It needs initdb and postgres on
// the PATH, or where Debian puts them; without them Start fails.
package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Server is a running PostgreSQL.
type Server struct {
	dir     string
	process *os.Process
	exited  chan error
	made    atomic.Int64
	admin   *sql.DB
}

// startTimeout bounds how long a server may take until it answers.
const startTimeout = 30 * time.Second

// Start makes an empty cluster and runs a server on it. Settings are "name=value" of
// postgresql.conf. The caller calls Stop.
func Start(settings ...string) (_ *Server, err error) {
	dir, err := os.MkdirTemp("", "chatd-pg-")
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	s := &Server{dir: dir, exited: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	who, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb, err := command(who, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if err != nil {
		return nil, err
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pgtest: initdb: %w\n%s", err, out)
	}
	if err := s.run(who, data, settings); err != nil {
		return nil, err
	}
	if s.admin, err = sql.Open("pgx", s.url("postgres")); err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	return s, s.answers()
}

// run starts the server from a thread that lives as long as the server does, so that the
// kernel ends the server when this process dies without calling Stop.
func (s *Server) run(who *syscall.Credential, data string, settings []string) error {
	args := []string{
		"-D", data, "-k", s.dir, "-c", "listen_addresses=", "-c", "shared_buffers=32MB", "-c", "jit=off",
		"-c", "wal_level=minimal", "-c", "max_wal_senders=0",
	}
	for _, set := range settings {
		args = append(args, "-c", set)
	}
	cmd, err := command(who, "postgres", args...)
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer log.Close()
		err := cmd.Start()
		started <- err
		if err == nil {
			s.exited <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("pgtest: start postgres: %w", err)
	}
	s.process = cmd.Process
	return nil
}

// answers waits until the server does.
func (s *Server) answers() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		err := s.admin.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("pgtest: the server doesn't answer: %w\n%s", err, s.log())
		case exit := <-s.exited:
			s.process = nil
			return fmt.Errorf("pgtest: the server ended: %w\n%s", exit, s.log())
		case <-t.C:
		}
	}
}

func (s *Server) log() []byte {
	b, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return b
}

// Database makes a new database and returns its URL. It is dropped with the server.
func (s *Server) Database(ctx context.Context) (string, error) {
	name := "test" + strconv.FormatInt(s.made.Add(1), 10)
	if _, err := s.admin.ExecContext(ctx, `CREATE DATABASE `+name); err != nil {
		return "", fmt.Errorf("pgtest: create database: %w", err)
	}
	return s.url(name), nil
}

// Copy makes a new database that is like another one of this server, which nobody may
// be connected to, and returns its URL.
func (s *Server) Copy(ctx context.Context, databaseURL string) (string, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", fmt.Errorf("pgtest: %w", err)
	}
	name := "test" + strconv.FormatInt(s.made.Add(1), 10)
	if _, err := s.admin.ExecContext(ctx, `CREATE DATABASE `+name+` TEMPLATE `+strings.TrimPrefix(u.Path, "/")); err != nil {
		return "", fmt.Errorf("pgtest: copy database: %w", err)
	}
	return s.url(name), nil
}

func (s *Server) url(database string) string {
	q := url.Values{"host": {s.dir}, "user": {"postgres"}}
	return "postgres:///" + database + "?" + q.Encode()
}

// Stop ends the server and deletes its folder.
func (s *Server) Stop() error {
	var errs []error
	if s.admin != nil {
		errs = append(errs, s.admin.Close())
	}
	if s.process != nil {
		errs = append(errs, s.process.Signal(syscall.SIGQUIT)) // at once, without a checkpoint
		<-s.exited
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

// unprivileged gives dir to a user that postgres agrees to run as; nil: the present one.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // no change of user is a value
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uerr, gerr, os.Chown(dir, int(uid), int(gid))); err != nil {
			return nil, fmt.Errorf("pgtest: %w", err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("pgtest: postgres doesn't run as root, and there is neither a user postgres nor nobody")
}

// command finds one of PostgreSQL's programs.
func command(who *syscall.Credential, name string, args ...string) (*exec.Cmd, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
		if len(found) == 0 {
			return nil, fmt.Errorf("pgtest: PostgreSQL must be installed for these tests: %w", err)
		}
		path = found[len(found)-1]
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = "/"
	cmd.SysProcAttr = attributes(who)
	return cmd, nil
}
