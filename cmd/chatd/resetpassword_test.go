package main

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestResetPassword follows docs/operations.md.
func TestResetPassword(t *testing.T) {
	if text, err := os.ReadFile("../../docs/operations.md"); err != nil || !strings.Contains(string(text), "\nchatd reset-password admin\n") {
		t.Errorf("docs/operations.md doesn't say how: %v", err)
	}
	dir := t.TempDir()
	environ := []string{"CHATD_DATA_DIR=" + dir}
	i := start(t, dir)
	if _, err := command(t, environ, "reset-password"); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("while the server runs: got %v, want it refused", err)
	}
	if err := i.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := command(t, environ, "reset-password", "nobody"); err == nil || !strings.Contains(err.Error(), "staff_not_found") {
		t.Errorf("an unknown account: got %v", err)
	}
	out, err := command(t, environ, "reset-password")
	password, _, _ := strings.Cut(out, "\n")
	if err != nil || len(password) < 20 {
		t.Fatalf("got %q, %v", out, err)
	}

	i = start(t, dir)

	for secret, want := range map[string]int{adminPassword: http.StatusUnauthorized, password: http.StatusOK} {
		code, body := i.do(http.MethodPost, "/api/v1/session", `{"name":"admin","password":"`+secret+`"}`)
		if code != want || want == http.StatusOK && !strings.Contains(body, `"must_change_password":true`) {
			t.Errorf("got %d %s, want %d", code, body, want)
		}
	}
	if _, body := i.get("/api/v1/acts"); !strings.Contains(body, `"staff.password"`) {
		t.Errorf("it is not on record: %s", body)
	}
}
