package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/chatd/chatd/client"
	"github.com/chatd/chatd/client/rest"
)

// TestSecretsStayInside plants secrets of every kind, uses them well and badly, and then looks for them in everything
// that comes out of the program, and in its database.
func TestSecretsStayInside(t *testing.T) {
	const password, made, wrong = "planted-Password-of-the-admin-1", "planted-Password-of-the-admin-2", "planted-Wrong-password-3"
	data := t.TempDir()
	p := start(t, sqlite, withKey, "CHATD_DATA_DIR="+data, "CHATD_ADMIN_PASSWORD="+password, "CHATD_LOG_LEVEL=debug")
	o := &outlet{t: t, p: p, planted: map[string]string{
		"the API key": staffKey, "the admin's first password": password, "the admin's own password": made,
		"a wrong password": wrong, "the secret of tokens": jwtSecret,
	}}
	o.key(staffKey)
	o.staff(password, made, wrong)
	o.visitor()
	o.badly()
	for _, path := range []string{"/metrics", "/openapi.yaml", "/readyz", "/api/v1/acts/export", "/api/v1/acts", "/api/v1/keys", "/api/v1/staff",
		"/api/v1/invites", "/api/v1/users", "/api/v1/connections", "/api/v1/stats"} {
		o.call(http.MethodGet, path, staffKey, "")
	}
	o.out.WriteString(configOf(t, p))

	for what, secret := range o.planted {
		if bytes.Contains(o.out.Bytes(), []byte(secret)) {
			t.Errorf("%s turns up in an answer, a figure or the configuration: %s", what, around(o.out.String(), secret))
		}
		if log := p.log.String(); strings.Contains(log, secret) {
			t.Errorf("%s turns up in the log: %s", what, around(log, secret))
		}
	}
	if code, _ := p.stop(); code != 0 {
		t.Errorf("the program ended with %d", code)
	}
	for what, secret := range o.planted {
		if inFiles(t, data, secret) {
			t.Errorf("%s lies in clear in the data folder", what)
		}
	}
}

// outlet uses secrets and gathers what comes out.
type outlet struct {
	t       *testing.T
	p       *program
	planted map[string]string
	out     bytes.Buffer
}

// call sends a request; what is answered is looked through in the end.
func (o *outlet) call(method, path, key, body string) {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), method, "http://"+o.p.addr+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(&o.out, resp.Body); err != nil {
		o.t.Fatal(err)
	}
	_ = resp.Header.Write(&o.out) // into memory
}

// key makes keys and invites over the API, once more with the same Idempotency-Key.
func (o *outlet) key(all string) {
	o.t.Helper()
	api, err := rest.New("http://"+o.p.addr, rest.Options{Key: all})
	if err != nil {
		o.t.Fatal(err)
	}
	again := someKey()
	for range 2 {
		k := must[rest.MakeKeyResponse](o.t, "make key")(api.MakeKeyWithResponse(o.t.Context(), &rest.MakeKeyParams{IdempotencyKey: again},
			rest.KeyDraft{Label: "bot", Scopes: []rest.Scope{rest.ScopeMessagesPost}}))
		o.planted["a key's secret"] = k.JSON201.Secret
	}
	o.planted["an Idempotency-Key"] = *again
	invite := must[rest.MakeInviteResponse](o.t, "invite")(api.MakeInviteWithResponse(o.t.Context(), nil, rest.InviteDraft{Role: rest.RoleViewer}))
	o.planted["an invite's token"] = invite.JSON201.Token
	o.call(http.MethodGet, "/api/v1/me", o.planted["a key's secret"], "")
}

// staff logs in as a browser does, changes the password, and fails to.
func (o *outlet) staff(password, made, wrong string) {
	o.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	api, err := rest.New("http://"+o.p.addr, rest.Options{HTTP: browser, Tries: 1})
	if err != nil {
		o.t.Fatal(err)
	}
	_, err = api.LogInWithResponse(o.t.Context(), rest.LogIn{Name: "admin", Password: wrong})
	refusedWith(o.t, "a wrong password", err, "credentials_invalid")
	in := must[rest.LogInResponse](o.t, "log in")(api.LogInWithResponse(o.t.Context(), rest.LogIn{Name: "admin", Password: password}))
	for _, c := range in.HTTPResponse.Cookies() {
		o.planted["the cookie of a session"] = c.Value
	}
	o.out.Write(in.Body)
	if _, err := api.ChangePasswordWithResponse(o.t.Context(), nil, rest.PasswordChange{Current: password, New: made}); err != nil {
		o.t.Fatalf("change password: %v", err)
	}
	sessions := must[rest.ListSessionsResponse](o.t, "sessions")(api.ListSessionsWithResponse(o.t.Context(), nil))
	o.out.Write(sessions.Body)
	if o.planted["the cookie of a session"] == "" {
		o.t.Error("the log-in set no cookie")
	}
}

// visitor connects with tokens, in all the places where one can stand.
func (o *outlet) visitor() {
	o.t.Helper()
	token := mint(o.t, "ann", nil)
	late := mint(o.t, "bob", jwt.MapClaims{"exp": 1})
	o.planted["a user's token"], o.planted["a token that is over"] = token, late
	c := o.p.dial(o.t, client.Options{Token: always(token)})
	join(o.t, c, "lobby")
	guest := o.p.dial(o.t, client.Options{})
	join(o.t, guest, "lobby")
	o.planted["a guest's token"] = guest.GuestToken()
	for _, path := range []string{"/ws/chat/lobby?token=" + token, "/ws?token=" + late, "/?token=" + token, "/embed?room=lobby&token=" + token} {
		o.call(http.MethodGet, path, "", "")
	}
}

// badly puts secrets where they don't belong.
func (o *outlet) badly() {
	o.t.Helper()
	for _, secret := range o.planted {
		o.call(http.MethodPost, "/api/v1/session", "", `{"name":"admin","password":"`+secret+`"}`)
		o.call(http.MethodGet, "/api/v1/me", secret+"x", "")
		o.call(http.MethodPost, "/api/v1/keys", staffKey, `{"label":"x","scopes":[],"secret":"`+secret+`"}`)
		o.call(http.MethodGet, "/api/v1/rooms?token="+secret, staffKey, "")
	}
}

// configOf is what chatd config prints with the program's environment.
func configOf(t *testing.T, p *program) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "config")
	cmd.Env, cmd.Dir = p.env, t.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("chatd config: %v\n%s", err, out)
	}
	return string(out)
}

func inFiles(t *testing.T, dir, secret string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Contains(b, []byte(secret))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
