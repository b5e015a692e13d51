package main

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/config"
	"github.com/chatd/chatd/policies"
	"github.com/chatd/chatd/ws"
)

// What follows says in each package's words what an operator has set.

// loadPolicies takes the operator's folder in the place of the built-in one.
func loadPolicies(dir string) (*policies.Set, error) {
	folder := fs.FS(policies.Builtin())
	if dir != "" {
		folder = os.DirFS(dir)
	}
	set, err := policies.Load(folder)
	if err != nil {
		return nil, fmt.Errorf("CHATD_POLICIES_DIR: %w", err)
	}
	return set, nil
}

func newTokens(s config.Settings, log *slog.Logger) (*access.Tokens, error) {
	c := access.TokenConfig{
		JWKSURL: s.JWKSURL, Algorithms: s.JWTAlgorithms, Issuer: s.JWTIssuer, Audience: s.JWTAudience, Log: log,
	}
	for _, secret := range []config.Secret{s.JWTSecret, s.JWTSecretPrevious} {
		if secret != "" {
			c.Secrets = append(c.Secrets, []byte(secret))
		}
	}
	if s.JWTPublicKeyFile != "" {
		keys, err := os.ReadFile(s.JWTPublicKeyFile)
		if err != nil {
			return nil, fmt.Errorf("CHATD_JWT_PUBLIC_KEY_FILE: %w", err)
		}
		c.PublicKeys = keys
	}
	tokens, err := access.NewTokens(c)
	if err != nil {
		return nil, fmt.Errorf("sign-in: %w", err)
	}
	return tokens, nil
}

func limits(s config.Settings) chat.Limits {
	l := chat.Limits{
		PostsPerUser: rate(s.RateMessagesUser), PostsPerAddr: rate(s.RateMessagesAddress),
		ActsPerUser: rate(s.RateActionsUser), SignalsPerUser: rate(s.RateActionsUser), ReadsPerUser: rate(s.RateActionsUser),
		JoinsPerAddr: rate(s.RateJoinsAddress), NewRoomsPerAddr: rate(s.RateNewRoomsAddress),
		RoomsByStaff: s.RoomCreation == "staff", RoomsMax: s.RoomsMax, EditWindow: s.EditWindow.For,
	}
	if s.EditWindow.Off {
		// Zero is for ever to the core; nobody is quick enough for this.
		l.EditWindow = time.Nanosecond
	}
	return l
}

func socketLimits(s config.Settings) ws.Limits {
	l := ws.Limits{
		Connections: s.ConnectionsMax, ConnectionsPerAddr: s.ConnectionsAddressMax, ConnectRate: rate(s.RateConnectionsAddress),
		MessageBytes: int(s.FrameMax), SendBuffer: int(s.SocketSendBuffer), QueueBytes: int(s.SessionQueue),
		PingEvery: s.Heartbeat, PongWait: max(time.Minute, 2*s.Heartbeat+10*time.Second),
	}
	if l.SendBuffer == 0 {
		l.SendBuffer = -1 // the system's choice
	}
	return l
}

func rate(r config.Rate) chat.Rate { return chat.Rate{Limit: r.Limit, Period: r.Period} }

func newID() string { return uuid.Must(uuid.NewV7()).String() }
