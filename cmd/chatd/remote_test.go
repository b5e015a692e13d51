package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// remote runs a command that is a client of i.
func (i *instance) remote(args ...string) (string, error) {
	i.t.Helper()
	return command(i.t, []string{"CHATD_ADDR=" + strings.TrimPrefix(i.url, "http://"), "CHATD_API_KEY=" + apiKey}, args...)
}

// does runs a command that has to succeed and to print what matches want.
func (i *instance) does(want string, args ...string) string {
	i.t.Helper()
	out, err := i.remote(args...)
	if err != nil {
		i.t.Errorf("chatd %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	if !regexp.MustCompile(want).MatchString(out) {
		i.t.Errorf("chatd %s: got\n%s\nwant something like %s", strings.Join(args, " "), out, want)
	}
	return out
}

var (
	sanctionLine = regexp.MustCompile(`(?m)^(\S+) (?:mute|ban) of`)
	actLine      = regexp.MustCompile(`(?m)^act (\S+)`)
	keyLine      = regexp.MustCompile(`(?m)^This is key (\S+)\.`)
)

// TestRemoteCommands does a moderator's evening from the command line.
func TestRemoteCommands(t *testing.T) {
	i := start(t, t.TempDir())
	i.does(`"id": "lobby"`, "rooms", "create", "lobby", "title=The <lobby>", "slow_mode_seconds=5")
	i.does(`ROOM +TITLE.*\nlobby +The <lobby> +0 +\d+ +open`, "rooms")
	i.does(`"slow_mode_seconds": 0`, "rooms", "set", "lobby", "slow_mode_seconds=0", "--json")
	i.does(`"level": "read_only"`, "rooms", "lock", "read_only", "lobby", "--for=5m", "--reason=Back soon")
	i.does(`locked \(read_only, until`, "rooms", "list", "-q", "lob")
	i.does(`"seq"`, "api", "POST", "/rooms/lobby/messages", "-d", `{"text":"hello"}`)

	i.does("Nothing was changed", "bans", "add", "u:eve", "--for=1h", "--dry-run")
	out := i.does("mute of u:eve in all rooms, until", "bans", "add", "u:eve", "--effect=mute", "--for=1h", "--reason=Enough", "--why=because ünö")
	sanction := sanctionLine.FindStringSubmatch(out)[1]
	i.does(sanction+` +mute +u:eve.*Enough`, "bans")
	i.does(`"effect": "mute"`, "bans", "show", sanction)
	i.does(`because ünö`, "acts", "list", "--user=u:eve")
	i.does("act ", "bans", "lift", sanction)
	out = i.does("ban of 192.0.2.0/28", "bans", "add", "192.0.2.0/28", "--forever", "--only=guests")
	i.does("act ", "acts", "undo", actLine.FindStringSubmatch(out)[1])
	if out := i.does(`ID +EFFECT`, "bans"); strings.Count(out, "\n") != 1 {
		t.Errorf("after lifting and undoing there are still\n%s", out)
	}
	i.does(sanction, "bans", "list", "--over")

	out = i.does("chatd_", "keys", "make", "bot", "--scope=messages:post", "--rooms=lobby", "--expires=24h")
	key := keyLine.FindStringSubmatch(out)[1]
	i.does(`bot +messages:post +lobby`, "keys")
	i.does("chatd_", "keys", "rotate", key)
	i.does("act ", "keys", "revoke", key)
	i.does("act ", "rooms", "archive", "lobby")

	var acts []map[string]any
	if err := json.Unmarshal([]byte(i.does("sanction", "acts", "list", "--json", "--all")), &acts); err != nil || len(acts) < 8 {
		t.Errorf("acts as JSON: %d, %v", len(acts), err)
	}
	if lines := strings.Count(i.does(`"kind":"sanction.make"`, "acts", "export"), "\n"); lines != len(acts) {
		t.Errorf("got %d lines of export, want %d", lines, len(acts))
	}
}

func TestRemoteCommandsRefuse(t *testing.T) {
	i := start(t, t.TempDir())
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no duration":         {[]string{"bans", "add", "u:eve"}, "--for TIME, or --forever"},
		"two durations":       {[]string{"bans", "add", "u:eve", "--for=1h", "--forever"}, "--for TIME, or --forever"},
		"loopback":            {[]string{"bans", "add", "127.0.0.1", "--forever"}, "target_protected"},
		"an unknown sanction": {[]string{"bans", "lift", "01a20a64-e473-72c2-a3e4-1b265ea8e2f8"}, "could not be done"},
		"an unknown setting":  {[]string{"rooms", "set", "lobby", "colour=red"}, "colour"},
		"no setting":          {[]string{"rooms", "set", "lobby", "colour"}, "NAME=VALUE"},
		"an unknown scope":    {[]string{"keys", "make", "bot", "--scope=everything"}, "request_invalid"},
		"another server":      {[]string{"rooms", "--url=ftp://example.org"}, "must be like https"},
		"an address as path":  {[]string{"api", "GET", "http://example.org/"}, "below /api/v1"},
		"a bad header":        {[]string{"api", "GET", "/me", "-H", "x"}, "NAME: VALUE"},
		"no such address":     {[]string{"api", "GET", "/nothing"}, "address_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := i.remote(tt.args...)
			if err == nil || !strings.Contains(err.Error()+out, tt.want) {
				t.Errorf("got %v\n%s\nwant an error with %q", err, out, tt.want)
			}
		})
	}
	if _, err := command(t, []string{"CHATD_ADDR=" + strings.TrimPrefix(i.url, "http://")}, "rooms"); err == nil || !strings.Contains(err.Error(), "CHATD_API_KEY") {
		t.Errorf("without a key: got %v", err)
	}
}
