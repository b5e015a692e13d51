package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/chatd/chatd/access"
	"github.com/chatd/chatd/chat"
	"github.com/chatd/chatd/config"
)

// printToken prints what a site's own server would make, and a page that uses it.
func printToken(s config.Settings, t config.Token, stdout io.Writer) error {
	if s.JWTSecret == "" {
		return errors.New("token: set CHATD_JWT_SECRET, the secret that the server has; make one with: openssl rand -base64 32")
	}
	now := time.Now()
	token, err := access.MintHS256([]byte(s.JWTSecret), access.Claims{
		Subject: t.Sub, Name: t.Name, Rooms: t.Rooms, Role: chat.Role(t.Role),
		Issuer: s.JWTIssuer, Audience: s.JWTAudience, IssuedAt: now, Expires: now.Add(t.TTL),
	})
	if err != nil {
		return fmt.Errorf("token: %w", err)
	}
	_, err = fmt.Fprintf(stdout, embedding, token, localURL(s.Addr), url.QueryEscape(firstRoom(t.Rooms)), now.Add(t.TTL).Format(time.RFC3339))
	return err
}

func firstRoom(rooms []string) string {
	for _, r := range rooms {
		if _, err := chat.ParseRoomID(r); err == nil { // not a pattern
			return r
		}
	}
	return "general"
}

// embedding has the token first: the first line alone is for scripts.
const embedding = `%[1]s

It holds until %[4]s. To see the chat as this user, open

%[2]s/?room=%[3]s#token=%[1]s

A page with a chat for this user:

<iframe id="chat" src="%[2]s/embed?room=%[3]s" title="Chat" style="width:100%%;height:30rem;border:0"></iframe>
<script>
  const chat = document.getElementById("chat"), server = "%[2]s"
  addEventListener("message", (event) => {
    if (event.source !== chat.contentWindow || event.origin !== server) return
    // Your server makes a new token each time that it is asked (docs/sign-in.md).
    chat.contentWindow.postMessage({ type: "chatd:token", token: "%[1]s" }, server)
  })
</script>

On another site than the server's own, the room must allow that site (docs/embed.md).
`
