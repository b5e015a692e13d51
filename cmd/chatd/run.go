package main

import (
	"context"
	"fmt"
	"io"

	"github.com/chatd/chatd/config"
)

// run is the program: what main calls, and what tests call. It returns when the command
// is done; serve is done when ctx has ended and everything has stopped.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) error {
	inv, err := config.Parse(args, environ, stdout, remoteCommands()...)
	if err != nil {
		return err
	}
	if inv.Run != nil {
		return inv.Run(remoteSession(ctx, inv.Settings, stdout))
	}
	switch inv.Command {
	case config.CommandHelp:
		return nil
	case config.CommandVersion:
		_, err := fmt.Fprintln(stdout, versionLine())
		return err
	case config.CommandConfig:
		return inv.Print(stdout)
	case config.CommandToken:
		return printToken(inv.Settings, inv.Token, stdout)
	case config.CommandHealthcheck:
		return healthcheck(ctx, inv.Settings, inv.Healthcheck, stdout)
	case config.CommandNewEpoch:
		return newEpoch(ctx, inv.Settings, stdout, stderr)
	case config.CommandResetPassword:
		return resetPassword(ctx, inv.Settings, inv.ResetPassword, stdout, stderr)
	case config.CommandServe:
		return serve(ctx, inv, stdout, stderr)
	}
	return fmt.Errorf("command %q is not one", inv.Command)
}
