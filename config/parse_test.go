package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gopkg.in/yaml.v3"
)

// writeFile makes a configuration file and returns the flag that names it.
func writeFile(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "chatd.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return "--config-file=" + name
}

func parse(t testing.TB, args, env []string) *Invocation {
	t.Helper()
	inv, err := Parse(args, env, io.Discard)
	if err != nil {
		t.Fatalf("Parse(%q, %q): %v", args, env, err)
	}
	return inv
}

func TestDefaults(t *testing.T) {
	t.Chdir(t.TempDir())
	inv := parse(t, nil, nil)
	want := Settings{
		Addr: ":8000", DataDir: "./chatd-data", Durability: "power", ShutdownTimeout: 20 * time.Second, LogLevel: "info", LogFormat: "auto",
		RoomCreation: "anyone", RoomsMax: 10_000, EditWindow: Window{For: 15 * time.Minute},
		RateMessagesUser: Rate{10, 10 * time.Second}, RateMessagesAddress: Rate{40, 10 * time.Second}, RateActionsUser: Rate{60, 10 * time.Second},
		RateJoinsAddress: Rate{60, time.Minute}, RateNewRoomsAddress: Rate{10, time.Hour}, RateConnectionsAddress: Rate{60, time.Minute},
		RateAPI: Rate{1200, time.Minute}, SessionIdle: 12 * time.Hour, SessionLifetime: 168 * time.Hour,
		RateLogins: Rate{10, 15 * time.Minute}, ConnectionsAddressMax: 100, ConnectionsMax: 50_000,
		SessionQueue: 256 << 10, SocketSendBuffer: 64 << 10, FrameMax: 64 << 10, Heartbeat: 25 * time.Second,
	}
	if d := cmp.Diff(want, inv.Settings, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if inv.Command != CommandServe || len(inv.Warnings) != 0 {
		t.Errorf("got command %q, warnings %q; want serve and none", inv.Command, inv.Warnings)
	}
	for name, s := range inv.Sources {
		if s.String() != "default" {
			t.Errorf("%s comes from %s, want default", name, s)
		}
	}
}

func TestPrecedence(t *testing.T) {
	t.Chdir(t.TempDir())
	file := writeFile(t, "# a comment\naddr: :1\nrooms_max: 1\nheartbeat: 1s\nallowed_origins: [https://a.example, https://b.example]\n")
	path := strings.TrimPrefix(file, "--config-file=")
	tests := map[string]struct {
		args, env []string
		setting   string
		want      string
		source    string
	}{
		"file over default":             {[]string{file}, nil, "addr", ":1", "file " + path + ":2"},
		"environment over default":      {nil, []string{"CHATD_ADDR=:2"}, "addr", ":2", "environment CHATD_ADDR"},
		"environment over file":         {[]string{file}, []string{"CHATD_ADDR=:2"}, "addr", ":2", "environment CHATD_ADDR"},
		"flag over default":             {[]string{"--addr=:3"}, nil, "addr", ":3", "flag --addr"},
		"flag over file":                {[]string{file, "--addr=:3"}, nil, "addr", ":3", "flag --addr"},
		"flag over environment":         {[]string{"--addr", ":3"}, []string{"CHATD_ADDR=:2"}, "addr", ":3", "flag --addr"},
		"flag over all":                 {[]string{file, "--addr=:3"}, []string{"CHATD_ADDR=:2", "PORT=4"}, "addr", ":3", "flag --addr"},
		"flag of the default's value":   {[]string{file, "--addr=:8000"}, nil, "addr", ":8000", "flag --addr"},
		"the last of two flags":         {[]string{"--addr=:3", "--addr=:5"}, nil, "addr", ":5", "flag --addr"},
		"PORT":                          {nil, []string{"PORT=4"}, "addr", ":4", "environment PORT"},
		"PORT over file":                {[]string{file}, []string{"PORT=4"}, "addr", ":4", "environment PORT"},
		"CHATD_ADDR over PORT":          {nil, []string{"PORT=4", "CHATD_ADDR=:2"}, "addr", ":2", "environment CHATD_ADDR"},
		"an empty variable is none":     {[]string{file}, []string{"CHATD_ADDR=", "PORT="}, "addr", ":1", "file " + path + ":2"},
		"an empty flag is a value":      {[]string{"--policies-dir="}, []string{"CHATD_POLICIES_DIR=x"}, "policies-dir", "", "flag --policies-dir"},
		"a list replaces a list":        {[]string{file, "--allowed-origins=https://c.example"}, nil, "allowed-origins", "https://c.example", "flag --allowed-origins"},
		"a list in the file":            {[]string{file}, nil, "allowed-origins", "https://a.example,https://b.example", "file " + path + ":5"},
		"a flag twice makes a list":     {[]string{"--allowed-origins=https://c.example", "--allowed-origins=https://d.example"}, nil, "allowed-origins", "https://c.example,https://d.example", "flag --allowed-origins"},
		"a list in the environment":     {nil, []string{"CHATD_TRUSTED_PROXIES=10.1.2.3/8, ::1"}, "trusted-proxies", "10.0.0.0/8,::1/128", "environment CHATD_TRUSTED_PROXIES"},
		"the file by the environment":   {nil, []string{"CHATD_CONFIG_FILE=" + path}, "addr", ":1", "file " + path + ":2"},
		"flags after a command":         {[]string{"config", "--addr=:3"}, nil, "addr", ":3", "flag --addr"},
		"flags before a command":        {[]string{"--addr=:3", "config"}, nil, "addr", ":3", "flag --addr"},
		"the last of two in a variable": {nil, []string{"CHATD_ADDR=:2", "CHATD_ADDR=:6"}, "addr", ":6", "environment CHATD_ADDR"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inv := parse(t, tt.args, tt.env)
			for _, s := range schema() {
				if s.name == tt.setting {
					if got := encode(s.value(&inv.Settings)); got != tt.want {
						t.Errorf("got %q, want %q", got, tt.want)
					}
				}
			}
			if got := inv.Sources[tt.setting].String(); got != tt.source {
				t.Errorf("got source %q, want %q", got, tt.source)
			}
		})
	}
}

func TestDefaultFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile(DefaultFile, []byte("addr: :1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if inv := parse(t, nil, nil); inv.Settings.Addr != ":1" || inv.Sources["addr"].String() != "file chatd.yaml:1" {
		t.Errorf("got %q from %s, want chatd.yaml read", inv.Settings.Addr, inv.Sources["addr"])
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	file := writeFile(t, "rooms_max: many\nadr: :1\nheartbeat: 1ns\nheartbeat: 2s\nedit_window: {a: 1}\n")
	env := []string{"CHATD_EDIT_WINDOW=0", "CHATD_JWT_SECRET=hush", "CHATD_JWKS_URL=ftp://x", "REDIS_HOST=redis", "CHATD_DATABASE_URL=mysql://me:hush@db/x", "CHATD_JWT_ALGORITHMS=RS256,none"}
	_, err := Parse([]string{file, "--log-level=loud", "--frame-max=1GB"}, env, io.Discard)
	var wrong Problems
	if !errors.As(err, &wrong) {
		t.Fatalf("got %v, want Problems", err)
	}
	for _, want := range []string{
		`log-level (flag --log-level): got "loud"; allowed: debug, info, warn, error`,
		`frame-max (flag --frame-max): got "1GB"; allowed: a size from 4KiB to 1MiB, such as 64KiB`,
		`edit-window (environment CHATD_EDIT_WINDOW): got "0"; allowed: a duration such as 15m; forever; or off`,
		`jwt-secret (environment CHATD_JWT_SECRET): got "(hidden)"; allowed: a secret of at least 8 bytes`,
		`jwks-url (environment CHATD_JWKS_URL): got "ftp://x"; allowed: an https or http address`,
		`database-url (environment CHATD_DATABASE_URL): got "mysql://me:(hidden)@db/x"; allowed: an address like postgres://`,
		`jwt-algorithms (environment CHATD_JWT_ALGORITHMS): got "RS256,none"; allowed: a list of HS256, RS256, ES256, EdDSA`,
		`redis-url (environment REDIS_HOST): this version runs on one node`,
		`chatd.yaml:1): got "many"; allowed: a whole number from 1 to 10000000`,
		`chatd.yaml:2): no setting is called "adr"; did you mean addr?`,
		`chatd.yaml:4): heartbeat is set a second time, first on line 3`,
		`chatd.yaml:3): got "1ns"; allowed: a duration from 1s to 5m`,
		`chatd.yaml:5): edit_window: must be a value or a list, not a mapping`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got no %q", want)
		}
	}
	if len(wrong) != 13 || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %d problems, want 13 and no secret among them:\n%v", len(wrong), err)
	}
	if _, err := Parse([]string{"--addr"}, env, io.Discard); err == nil || !strings.Contains(err.Error(), "edit-window") || !strings.Contains(err.Error(), "command line: ") {
		t.Errorf("got %v, want what is wrong with the command line and with the environment", err)
	}
}

func TestRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	tests := map[string]struct{ args, env []string }{
		"an unknown flag":             {[]string{"--adr=:1"}, nil},
		"an unknown command":          {[]string{"start"}, nil},
		"a missing file":              {[]string{"--config-file=nowhere.yaml"}, nil},
		"a folder for a file":         {[]string{"--config-file=."}, nil},
		"an address without port":     {[]string{"--addr=localhost"}, nil},
		"a port too high":             {nil, []string{"PORT=65536"}},
		"a port that is none":         {nil, []string{"PORT=http"}},
		"no data folder":              {[]string{"--data-dir="}, nil},
		"no address":                  {[]string{"--addr="}, nil},
		"a proxy that is no network":  {[]string{"--trusted-proxies=localhost"}, nil},
		"a proxy with a zone":         {[]string{"--trusted-proxies=fe80::1%eth0"}, nil},
		"an origin with a path":       {[]string{"--allowed-origins=https://a.example/x"}, nil},
		"an origin without scheme":    {[]string{"--allowed-origins=a.example"}, nil},
		"a star in the middle":        {[]string{"--allowed-origins=https://a.*.example"}, nil},
		"a rate without period":       {[]string{"--rate-logins=5"}, nil},
		"a rate of nothing":           {[]string{"--rate-logins=0/1s"}, nil},
		"a negative rate":             {[]string{"--rate-logins=-1/1s"}, nil},
		"a rate for ages":             {[]string{"--rate-logins=1/25h"}, nil},
		"a negative size":             {[]string{"--session-queue=-1"}, nil},
		"a size beyond counting":      {[]string{"--session-queue=99999999999GiB"}, nil},
		"Redis":                       {nil, []string{"CHATD_REDIS_URL=redis://localhost:6379"}},
		"Redis, wrong form":           {nil, []string{"CHATD_REDIS_URL=localhost:6379"}},
		"a previous secret alone":     {nil, []string{"CHATD_JWT_SECRET_PREVIOUS=0123456789abcdef"}},
		"HS256 without a secret":      {nil, []string{"CHATD_JWT_ALGORITHMS=HS256"}},
		"ES256 without a key":         {nil, []string{"CHATD_JWT_ALGORITHMS=ES256"}},
		"a short API key":             {nil, []string{"CHATD_API_KEY=short"}},
		"a short password":            {nil, []string{"CHATD_ADMIN_PASSWORD=admin"}},
		"a token for nobody":          {[]string{"token"}, nil},
		"a token for an unknown role": {[]string{"token", "--sub=u1", "--role=admin"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if inv, err := Parse(tt.args, tt.env, io.Discard); err == nil {
				t.Errorf("got no error, settings %+v", inv.Settings)
			} else if !errors.As(err, new(Problems)) {
				t.Errorf("got %T, want Problems", err)
			}
		})
	}
}

func TestCommands(t *testing.T) {
	t.Chdir(t.TempDir())
	inv := parse(t, []string{"token", "--sub=u1", "--name=Ann", "--rooms=general,team-*", "--role=vip", "--ttl=10m"}, []string{"CHATD_JWT_SECRET=0123456789abcdef0123456789abcdef"})
	if d := cmp.Diff(Token{"u1", "Ann", []string{"general", "team-*"}, "vip", 10 * time.Minute}, inv.Token); inv.Command != CommandToken || d != "" {
		t.Errorf("got %q, -want +got:\n%s", inv.Command, d)
	}
	if inv := parse(t, []string{"healthcheck", "--timeout=1s"}, nil); inv.Command != CommandHealthcheck || inv.Healthcheck.Timeout != time.Second {
		t.Errorf("got %q, %+v", inv.Command, inv.Healthcheck)
	}
	if inv := parse(t, []string{"serve"}, nil); inv.Command != CommandServe {
		t.Errorf("got %q, want serve", inv.Command)
	}
	for _, args := range [][]string{{"version"}, {"--version"}} {
		if inv := parse(t, args, []string{"CHATD_EDIT_WINDOW=nonsense"}); inv.Command != CommandVersion {
			t.Errorf("%q got %q, want version, whatever else is wrong", args, inv.Command)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Chdir(t.TempDir())
	inv := parse(t, []string{"--allowed-origins=*", "--jwks-url=http://keys.example/"}, []string{"CHATD_JWT_SECRET=0123456789", "CHATD_DATADIR=x", "CHATD_XYZ=1", "OTHER=1"})
	for i, want := range []string{"CHATD_DATADIR is no setting and has no effect; did you mean CHATD_DATA_DIR?", "CHATD_XYZ is no setting", "allowed-origins has *", "jwks-url is not https", "jwt-secret is shorter than 32 bytes"} {
		if i >= len(inv.Warnings) || !strings.Contains(inv.Warnings[i], want) {
			t.Errorf("got warnings %q, want number %d to hold %q", inv.Warnings, i+1, want)
		}
	}
	if len(inv.Warnings) != 5 {
		t.Errorf("got %d warnings, want 5: %q", len(inv.Warnings), inv.Warnings)
	}
}

func TestHelp(t *testing.T) {
	var b bytes.Buffer
	inv, err := Parse([]string{"--help"}, []string{"CHATD_EDIT_WINDOW=nonsense"}, &b)
	if err != nil || inv.Command != CommandHelp {
		t.Fatalf("got %v, %v", inv, err)
	}
	for _, s := range schema() {
		if !strings.Contains(b.String(), "--"+s.name+"=") {
			t.Errorf("the help lacks --%s", s.name)
		}
	}
	for _, g := range groups {
		if !strings.Contains(b.String(), g[1]) {
			t.Errorf("the help lacks the heading %q", g[1])
		}
	}
	b.Reset()
	if _, err := Parse([]string{"token", "--help"}, nil, &b); err != nil || !strings.Contains(b.String(), "--sub") || strings.Contains(b.String(), "--heartbeat") {
		t.Errorf("got %v, help of token:\n%s", err, b.String())
	}
}

var secretEnv = []string{
	"CHATD_ADMIN_PASSWORD=hush-hush-1", "CHATD_API_KEY=hush-hush-hush-hush", "CHATD_JWT_SECRET=hush-hush-3-hush-hush-3-hush-hush",
	"CHATD_JWT_SECRET_PREVIOUS=hush-hush-4-hush-hush-4-hush-hush", "CHATD_DATABASE_URL=postgres://me:hush@db/chat?sslmode=require&sslpassword=hush",
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Chdir(t.TempDir())
	inv := parse(t, []string{"config"}, secretEnv)
	var out bytes.Buffer
	for _, format := range []string{"table", "yaml"} {
		inv.Show.Format = format
		if err := inv.Print(&out); err != nil {
			t.Fatal(err)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", inv.Settings)
		fmt.Fprintf(&out, verb+"\n", inv.Settings.APIKey)
		fmt.Fprintf(&out, verb+"\n", &inv.Settings.DatabaseURL)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "settings", inv.Settings, "key", inv.Settings.APIKey, "db", inv.Settings.DatabaseURL)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "settings", inv.Settings, "key", inv.Settings.APIKey, "db", inv.Settings.DatabaseURL)
	j, err1 := json.Marshal(inv.Settings)
	y, err2 := yaml.Marshal(inv.Settings)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	out.Write(j)
	out.Write(y)
	// "68757368" is "hush" in hexadecimal.
	for _, secret := range []string{"hush", "68757368"} {
		if i := strings.Index(out.String(), secret); i >= 0 {
			t.Errorf("got a secret in ...%s...", out.String()[max(0, i-100):min(out.Len(), i+50)])
		}
	}
	if got := string(inv.Settings.AdminPassword); got != "hush-hush-1" {
		t.Errorf("got %q by conversion, want the secret itself", got)
	}
}

func TestSecretURL(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		"postgres://db/chat":           "postgres://db/chat",
		"postgres://me@db/chat":        "postgres://me@db/chat",
		"postgres://me:pw@db/chat?a=b": "postgres://me:(hidden)@db/chat?a=b",
		"postgres://db/c?password=pw":  "postgres://db/c?password=(hidden)",
		"postgres://db/c?password=%zz": hidden,
		"host=db password=pw":          hidden,
		"me:pw@db/chat":                hidden,
		"postgres://me:p w@db":         hidden,
	} {
		if got := SecretURL(in).String(); got != want {
			t.Errorf("SecretURL(%q) got %q, want %q", in, got, want)
		}
	}
}

func TestPrintedYAMLCanBeFedBack(t *testing.T) {
	t.Chdir(t.TempDir())
	env := []string{"CHATD_ALLOWED_ORIGINS=https://a.example,https://*.b.example", "CHATD_TRUSTED_PROXIES=10.0.0.0/8,::1", "PORT=99",
		"CHATD_EDIT_WINDOW=off", "CHATD_RATE_LOGINS=off", "CHATD_JWT_ISSUER=yes: \"no\" # null", "CHATD_HEARTBEAT=1m30s", "CHATD_SESSION_QUEUE=100000"}
	inv := parse(t, []string{"config", "--format=yaml"}, append(env, secretEnv...))
	var b bytes.Buffer
	if err := inv.Print(&b); err != nil {
		t.Fatal(err)
	}
	again := parse(t, []string{writeFile(t, b.String())}, secretEnv)
	if d := cmp.Diff(inv.Settings, again.Settings, cmpopts.IgnoreFields(Settings{}, "ConfigFile"), cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); d != "" {
		t.Errorf("printed:\n%s\n-want +got:\n%s", b.String(), d)
	}
}
