package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/config"
)

// resetPassword gives a staff account a password that has to be changed, takes its second factor away, enables it and ends its
// log-ins: for whoever has the machine, and with it the right. The server is stopped. It is an act like any other.
func resetPassword(ctx context.Context, s config.Settings, r config.ResetPassword, stdout, stderr io.Writer) error {
	db, err := openStore(ctx, s, nil, newLogger(s, stderr))
	if err != nil {
		return err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- db.Run(run) }()
	password, err := newPassword(ctx, db, r.Name)
	stop()
	if err := errors.Join(err, <-ended, db.Close()); err != nil {
		return fmt.Errorf("reset-password: %w", err)
	}
	_, err = fmt.Fprintf(stdout, "%s\n\nThis is the password of %s, shown this once. It has to be changed at the next log-in.\n", password, r.Name)
	return err
}

func newPassword(ctx context.Context, ledger chat.Ledger, name string) (string, error) {
	password := access.MakePassword()
	hash, err := access.NewPasswords(1).Hash(ctx, password)
	if err != nil {
		return "", err
	}
	must, disabled, none, codes := true, false, []byte(nil), [][]byte(nil)
	deed := chat.Deed{
		Act: chat.Act{
			ID: chat.ActID(newID()), At: time.Now().UTC().Truncate(time.Millisecond), By: chat.System, Via: chat.ViaRule,
			Kind: chat.ActPassword, Reason: "chatd reset-password, on the server's machine",
		},
		Steps: []chat.Step{
			chat.ChangeStaffStep{Name: name, Patch: chat.StaffPatch{
				PasswordHash: &hash, MustChange: &must, Disabled: &disabled, TOTPSecret: &none, Recovery: &codes,
			}},
			chat.EndStaffSessionsStep{Name: name},
		},
	}
	done := make(chan error, 1)
	ledger.Enact(ctx, deed, func(_ chat.Enacted, err error) { done <- err })
	return password, <-done
}
