package main

import (
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestServe(t *testing.T) {
	i := start(t, t.TempDir())
	for path, want := range map[string]string{
		"/":                     "<html",
		"/embed?room=general":   "<html",
		"/sdk/chatd.js":         "",
		"/healthz":              `"status":"ok"`,
		"/readyz":               `"store":"ok"`,
		"/openapi.yaml":         `openapi: "3.0.3"`,
		"/api/v1/me":            `"k:`,
		"/api/v1/rooms/general": `"stored":false`,
	} {
		if status, body := i.get(path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: got %d %.200s, want 200 with %q", path, status, body, want)
		}
	}
}

func TestDataOutlivesTheProgram(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := start(t, dir)
	if status, body := first.do("POST", "/api/v1/rooms/general/messages", `{"text":"Remember me"}`); status != http.StatusCreated {
		t.Fatalf("got %d %s", status, body)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("the data folder has mode %o, want 700", got)
	}

	second := start(t, dir, "CHATD_ADMIN_PASSWORD=another password", "CHATD_API_KEY=another-key-of-the-tests-01")
	if _, body := second.get("/api/v1/rooms/general/messages"); !strings.Contains(body, "Remember me") {
		t.Errorf("got %s after a restart, want the message", body)
	}
	if !strings.Contains(second.stderr.String(), "CHATD_API_KEY is not the key") {
		t.Error("another key at a later start is ignored in silence")
	}
}

func TestFirstPassword(t *testing.T) {
	dir := t.TempDir()
	i := start(t, dir, "CHATD_ADMIN_PASSWORD=")
	m := regexp.MustCompile(`Password +(\S+)`).FindStringSubmatch(i.stdout.String())
	if m == nil {
		t.Fatalf("no password was printed:\n%s", i.stdout)
	}
	if strings.Contains(i.stderr.String(), m[1]) {
		t.Error("the password is in the log")
	}
	if me := i.me(t, m[1]); !strings.Contains(me, `"must_change_password":true`) {
		t.Errorf("got %s, want a password that must be changed", me)
	}
	if err := i.stop(); err != nil {
		t.Fatal(err)
	}
	if again := start(t, dir, "CHATD_ADMIN_PASSWORD="); strings.Contains(again.stdout.String(), "Password  ") {
		t.Error("the second start prints a password")
	}
}

// TestRefusedFirstStartKeepsThePassword starts on one data folder until nothing is wrong any
// more: the start that succeeds is the one that makes the password.
func TestRefusedFirstStartKeepsThePassword(t *testing.T) {
	busy, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	dir := t.TempDir()
	for _, wrong := range []string{"CHATD_JWT_PUBLIC_KEY_FILE=/nonexistent", "CHATD_POLICIES_DIR=/nonexistent", "CHATD_ADDR=" + busy.Addr().String()} {
		environ := []string{"CHATD_DATA_DIR=" + dir, wrong}
		if !strings.HasPrefix(wrong, "CHATD_ADDR=") {
			environ = append(environ, "CHATD_ADDR=127.0.0.1:0")
		}
		if out, err := command(t, environ); err == nil || strings.Contains(out, "Password  ") {
			t.Fatalf("%s: got %v and %q, want a refused start", wrong, err, out)
		}
	}

	i := start(t, dir, "CHATD_ADMIN_PASSWORD=")

	m := regexp.MustCompile(`Password +(\S+)`).FindStringSubmatch(i.stdout.String())
	if m == nil {
		t.Fatalf("the password is lost; the start that succeeded printed:\n%s", i.stdout)
	}
	if me := i.me(t, m[1]); !strings.Contains(me, `"s:admin"`) {
		t.Errorf("got %s with the password that was printed", me)
	}
}

// me logs the account admin in with this password, which tells who it is.
func (i *instance) me(t *testing.T, password string) string {
	t.Helper()
	body := strings.NewReader(fmt.Sprintf(`{"name":%q,"password":%q}`, adminName, password))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, i.url+"/api/v1/session", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b := new(strings.Builder)
	if err := res.Write(b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWrongSettingsStopTheStart(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, []byte("version: 1\nrules: 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	busy, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	if err := os.WriteFile(filepath.Join(folder, "bad.yaml"), []byte("version: 1\nrules: 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		setting string
		want    []string // in the message
	}{
		"a port that is taken":              {"CHATD_ADDR=" + busy.Addr().String(), []string{"CHATD_ADDR", busy.Addr().String(), "in use"}},
		"a port for profiles that is taken": {"CHATD_PROFILE_ADDR=" + busy.Addr().String(), []string{"CHATD_PROFILE_ADDR", busy.Addr().String(), "in use"}},
		"profiles for everyone":             {"CHATD_PROFILE_ADDR=:6060", []string{"profile-addr", ":6060", "127.0.0.1:6060"}},
		"a port that is none":               {"CHATD_ADDR=:99999", []string{"addr", "99999"}},
		"a data folder that is none":        {"CHATD_DATA_DIR=" + file, []string{file}},
		"a durability that is none":         {"CHATD_DURABILITY=luck", []string{"durability", "luck", "power", "process"}},
		"Redis, which comes later":          {"CHATD_REDIS_URL=redis://127.0.0.1:6379", []string{"redis-url", "later"}},
		"a short API key":                   {"CHATD_API_KEY=short", []string{"api-key"}},
		"no policy in the folder":           {"CHATD_POLICIES_DIR=" + t.TempDir(), []string{"CHATD_POLICIES_DIR", "*.yaml"}},
		"a policy that is none":             {"CHATD_POLICIES_DIR=" + folder, []string{"CHATD_POLICIES_DIR", "bad.yaml"}},
		"a key file that isn't":             {"CHATD_JWT_PUBLIC_KEY_FILE=" + folder + "/none.pem", []string{"CHATD_JWT_PUBLIC_KEY_FILE", "none.pem"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := command(t, []string{"CHATD_ADDR=127.0.0.1:0", "CHATD_DATA_DIR=" + t.TempDir(), tt.setting})
			if err == nil {
				t.Fatal("it started and stopped without an error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to name %q", err, want)
				}
			}
		})
	}
}

func TestDataFolderIsForOne(t *testing.T) {
	dir := t.TempDir()
	start(t, dir)
	_, err := command(t, []string{"CHATD_ADDR=127.0.0.1:0", "CHATD_DATA_DIR=" + dir})
	if err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v from a second start on one data folder, want a refusal that names it", err)
	}
}

// TestStopWithin stops a server while a client holds a connection open and another sends a
// request slower than anyone waits.
func TestStopWithin(t *testing.T) {
	i := start(t, t.TempDir(), "CHATD_SHUTDOWN_TIMEOUT=2s")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(i.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("POST /api/v1/rooms/general/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + apiKey +
		"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")); err != nil {
		t.Fatal(err)
	}
	if status, _ := i.get("/healthz"); status != http.StatusOK { // by now the request is under way
		t.Fatalf("got %d", status)
	}

	begin := time.Now()
	_ = i.stop() // may tell that the request was cut
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("the stop took %s, want at most 2s", took)
	}
	i.wait = func() error { return nil }
}

func TestSecretsAreNotLogged(t *testing.T) {
	i := start(t, t.TempDir(), "CHATD_LOG_LEVEL=debug")
	const planted = "planted-secret-0123456789"
	for _, path := range []string{"/?token=", "/ws/chat/general?token=", "/api/v1/me?token=", "/nothing?token="} {
		i.get(path + planted)
	}
	i.me(t, planted)
	if err := i.stop(); err != nil {
		t.Error(err)
	}
	got := i.stderr.String()
	for _, secret := range []string{planted, apiKey, adminPassword, jwtSecret} {
		if strings.Contains(got, secret) {
			t.Errorf("the log has the secret %q:\n%s", secret, got)
		}
		if strings.Contains(i.stdout.String(), secret) {
			t.Errorf("the output has the secret %q", secret)
		}
	}
	if !strings.Contains(got, `"path":"/api/v1/me"`) {
		t.Errorf("the log lacks the requests:\n%s", got)
	}
}

func TestSecretsAreNotInTheData(t *testing.T) {
	dir := t.TempDir()
	i := start(t, dir)
	if status, _ := i.get("/api/v1/me"); status != http.StatusOK {
		t.Fatalf("got %d", status)
	}
	if err := i.stop(); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, secret := range []string{apiKey, adminPassword, jwtSecret} {
			if strings.Contains(string(content), secret) {
				t.Errorf("%s holds the secret %q", path, secret)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestHealthcheck(t *testing.T) {
	i := start(t, t.TempDir())
	addr := "CHATD_ADDR=" + strings.TrimPrefix(i.url, "http://")
	if out, err := command(t, []string{addr}, "healthcheck"); err != nil || !strings.Contains(out, "ok") {
		t.Errorf("got %q, %v from a server that is well", out, err)
	}
	if err := i.stop(); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, []string{addr}, "healthcheck"); err == nil {
		t.Errorf("got %q from a server that has stopped, want an error", out)
	}
}

var profilesLine = regexp.MustCompile(`http://127\.0\.0\.1:\d+/debug/pprof/`)

func TestProfiles(t *testing.T) {
	i := start(t, t.TempDir(), "CHATD_PROFILE_ADDR=127.0.0.1:0")
	if status, _ := i.get("/debug/pprof/heap"); status != http.StatusNotFound {
		t.Errorf("the address of the chat answered %d for a profile, want 404", status)
	}
	i.url = profilesLine.FindString(i.awaitLog("serving profiles"))
	if status, body := i.get("goroutine?debug=1"); status != http.StatusOK || !strings.Contains(body, "goroutine profile:") {
		t.Errorf("got %d %.200s, want a profile", status, body)
	}
}
