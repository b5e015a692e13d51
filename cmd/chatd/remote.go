package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/chatd/chatd/cmd/chatd/remote"
	"github.com/chatd/chatd/config"
)

// remoteCommands are those with which chatd is a client of a server's REST API.
func remoteCommands() []config.Command {
	return []config.Command{
		{Name: "api", Help: "Send one request to a server's REST API: chatd api GET /rooms.", Grammar: &remote.API{}},
		{Name: "rooms", Help: "List, make, change, lock down and archive rooms.", Grammar: &remote.Rooms{}},
		{Name: "bans", Help: "List, make and lift sanctions: bans, mutes and all others.", Grammar: &remote.Bans{}},
		{Name: "keys", Help: "List, make, rotate and revoke API keys.", Grammar: &remote.Keys{}},
		{Name: "acts", Help: "List, export and undo what staff, keys and rules did.", Grammar: &remote.Acts{}},
	}
}

func remoteSession(ctx context.Context, s config.Settings, stdout io.Writer) *remote.Session {
	return &remote.Session{
		Context: ctx, Address: localURL(s.Addr), Key: string(s.APIKey), Stdin: os.Stdin, Stdout: stdout, Now: time.Now,
	}
}
