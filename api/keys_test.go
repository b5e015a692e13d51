package api

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chatd/chatd/chat"
)

func TestKeyIsMade(t *testing.T) {
	f := newFixture(t)
	p := f.loggedIn("admin")
	r := p.call("POST", "/keys", `{"label":" Nightly  bot ","scopes":["rooms:read","rooms:read"],"rooms":["lobby"],"longest_ban_seconds":60,"acts_per_hour":5}`)
	wantStatus(t, r, 201)
	made := decode[KeySecret](t, r)
	if k := made.Key; k.Label != "Nightly bot" || len(k.Scopes) != 1 || k.By != "s:admin" || *k.ActsPerHour != 5 || r.header.Get("ETag") != `"1"` {
		t.Errorf("got %+v", k)
	}
	me := decode[Me](t, f.callAs(made.Secret, "GET", "/me", ""))
	if me.ID != "k:"+made.Key.ID || me.Name != "Nightly bot" || *me.Limits.LongestBanSeconds != 60 || *me.Limits.ActsPerHour != 5 {
		t.Errorf("got %+v", me)
	}
	shown := p.call("GET", "/keys/"+made.Key.ID, "")
	if bytes.Contains(shown.body, []byte(made.Secret)) || bytes.Contains(p.call("GET", "/keys", "").body, []byte(made.Secret)) {
		t.Error("the secret is shown again")
	}
}

// TestWiderKeys has a bounded key make others: each is refused by the bound that it passes.
func TestWiderKeys(t *testing.T) {
	f := newFixture(t)
	end := f.now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	rfc := func(at time.Time) string { return at.Format(time.RFC3339) }
	bound := f.makeKey(`{"label":"bound","scopes":["keys:read","keys:write","rooms:read","staff:write"],"rooms":["event-*"],` +
		`"longest_ban_seconds":3600,"acts_per_hour":1000,"expires_at":"` + rfc(end) + `"}`)
	within := map[string]any{
		"label": "x", "scopes": []string{"rooms:read"}, "rooms": []string{"event-1"}, "longest_ban_seconds": 60, "acts_per_hour": 10, "expires_at": rfc(end),
	}
	with := func(name string, value any) string {
		draft := map[string]any{}
		for k, v := range within {
			draft[k] = v
		}
		draft[name] = value
		return asJSON(t, draft)
	}
	tests := map[string]struct {
		body string
		code string
	}{
		"another scope":  {with("scopes", []string{"rooms:read", "addresses:read"}), "scope_missing"},
		"another room":   {with("rooms", []string{"lobby"}), "bound_rooms"},
		"a wider glob":   {with("rooms", []string{"event*"}), "bound_rooms"},
		"all rooms":      {with("rooms", nil), "bound_rooms"},
		"longer bans":    {with("longest_ban_seconds", 3601), "bound_duration"},
		"unbounded bans": {with("longest_ban_seconds", nil), "bound_duration"},
		"more acts":      {with("acts_per_hour", 1001), "bound_acts"},
		"unbounded acts": {with("acts_per_hour", nil), "bound_acts"},
		"a later end":    {with("expires_at", rfc(end.Add(time.Second))), "bound_expiry"},
		"no end":         {with("expires_at", nil), "bound_expiry"},
	}
	ours := decode[KeySecret](t, f.callAs(bound.Secret, "POST", "/keys", with("label", "ours")))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			wantProblem(t, f.callAs(bound.Secret, "POST", "/keys", tt.body), 403, tt.code)
			wantProblem(t, f.callAs(bound.Secret, "PATCH", "/keys/"+ours.Key.ID, tt.body), 403, tt.code)
		})
	}
	// What may do more is out of reach: who rotated it would have its secret.
	wantProblem(t, f.callAs(bound.Secret, "PATCH", "/keys/robot", `{"label":"mine"}`), 403, "key_protected")
	wantProblem(t, f.callAs(bound.Secret, "DELETE", "/keys/robot", ""), 403, "key_protected")
	wantProblem(t, f.callAs(bound.Secret, "POST", "/keys/robot/rotate", "{}"), 403, "key_protected")
	wantProblem(t, f.callAs(bound.Secret, "POST", "/staff/admin/password", ""), 403, "staff_protected")
	wantProblem(t, f.callAs(bound.Secret, "POST", "/invites", `{"role":"viewer","rooms":["event-1"]}`), 403, "scope_missing")
}

func TestDryRunKeysOnlyTry(t *testing.T) {
	f := newFixture(t)
	dry := f.makeKey(`{"label":"dry","scopes":["keys:write","rooms:read"],"dry_run_only":true}`)
	wantProblem(t, f.callAs(dry.Secret, "POST", "/keys", `{"label":"x","scopes":["rooms:read"]}`), 403, "bound_dry_run")
	same := `{"label":"x","scopes":["rooms:read"],"dry_run_only":true}`
	wantProblem(t, f.callAs(dry.Secret, "POST", "/keys", same), 403, "bound_dry_run")
	wantStatus(t, f.callAs(dry.Secret, "POST", "/keys?dry_run=true", same), 200)
	if list := decode[KeyPage](t, f.call("GET", "/keys", "")); len(list.Items) != 2 {
		t.Errorf("got %d keys, want the first two", len(list.Items))
	}
}

func TestActsPerHour(t *testing.T) {
	f := newFixture(t)
	few := f.makeKey(`{"label":"few","scopes":["keys:write"],"acts_per_hour":1}`)
	wantStatus(t, f.callAs(few.Secret, "PATCH", "/keys/"+few.Key.ID, `{"label":"one"}`), 200)
	r := f.callAs(few.Secret, "PATCH", "/keys/"+few.Key.ID, `{"label":"two"}`)
	wantProblem(t, r, 429, "bound_acts")
	if r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestKeyRotation(t *testing.T) {
	f := newFixture(t)
	p := f.loggedIn("admin")
	k := f.makeKey(`{"label":"bot","scopes":["rooms:read"]}`)
	r := p.call("POST", "/keys/"+k.Key.ID+"/rotate", `{"overlap_seconds":60}`)
	wantStatus(t, r, 201)
	next := decode[KeySecret](t, r)
	if next.Secret == k.Secret || next.Key.Prefix == k.Key.Prefix || next.Key.OldSecretUntil == nil || r.header.Get("ETag") != `"2"` {
		t.Errorf("got %+v", next.Key)
	}
	wantStatus(t, f.callAs(k.Secret, "GET", "/me", ""), 200)
	wantStatus(t, f.callAs(next.Secret, "GET", "/me", ""), 200)
	f.pass(61 * time.Second)
	wantProblem(t, f.callAs(k.Secret, "GET", "/me", ""), 401, "credentials_invalid")
	wantStatus(t, f.callAs(next.Secret, "GET", "/me", ""), 200)

	now := decode[KeySecret](t, p.call("POST", "/keys/"+k.Key.ID+"/rotate", `{"overlap_seconds":0}`))
	wantProblem(t, f.callAs(next.Secret, "GET", "/me", ""), 401, "credentials_invalid")
	wantStatus(t, p.call("DELETE", "/keys/"+k.Key.ID, ""), 200)
	wantProblem(t, f.callAs(now.Secret, "GET", "/me", ""), 401, "credentials_invalid")
	wantProblem(t, p.call("POST", "/keys/"+k.Key.ID+"/rotate", `{}`), 404, "key_not_found")
}

func TestKeyExpires(t *testing.T) {
	f := newFixture(t)
	k := f.makeKey(`{"label":"brief","scopes":["rooms:read"],"expires_at":"` + f.now().Add(time.Hour).UTC().Format(time.RFC3339) + `"}`)
	wantStatus(t, f.callAs(k.Secret, "GET", "/me", ""), 200)
	f.pass(time.Hour)
	wantProblem(t, f.callAs(k.Secret, "GET", "/me", ""), 401, "key_expired")
	wantProblem(t, f.call("POST", "/keys", `{"label":"past","scopes":["rooms:read"],"expires_at":"2020-01-01T00:00:00Z"}`), 422, "expiry_invalid")
}

func TestKeysETags(t *testing.T) {
	f := newFixture(t)
	k := f.makeKey(`{"label":"bot","scopes":["rooms:read"],"acts_per_hour":5}`)
	path := "/keys/" + k.Key.ID
	r := f.callAs(testKey, "PATCH", path, `{"acts_per_hour":null}`, `If-Match: "1"`)
	wantStatus(t, r, 200)
	if res := decode[ActResult](t, r); res.Key == nil || res.Key.ActsPerHour != nil || res.Key.Version != 2 || r.header.Get("ETag") != `"2"` {
		t.Errorf("got %s", r.body)
	}
	wantProblem(t, f.callAs(testKey, "PATCH", path, `{"label":"x"}`, `If-Match: "1"`), 412, "stale")
	wantProblem(t, f.callAs(testKey, "DELETE", path, "", `If-Match: "1"`), 412, "stale")
	wantStatus(t, f.callAs(testKey, "DELETE", path, "", `If-Match: "2"`), 200)
}

func TestLastUse(t *testing.T) {
	f := newFixture(t)
	k := f.makeKey(`{"label":"bot","scopes":["rooms:read"]}`)
	if k, err := f.store.Key(t.Context(), k.Key.ID); err != nil || !k.LastUsed.IsZero() {
		t.Fatalf("got %v, %v before any use", k.LastUsed, err)
	}
	at := f.now()
	wantStatus(t, f.callAs(k.Secret, "GET", "/me", ""), 200)
	if err := f.server.gate.used.write(t.Context(), f.store); err != nil {
		t.Fatal(err)
	}
	if k, err := f.store.Key(t.Context(), k.Key.ID); err != nil || k.LastUsed.Before(at.Add(-time.Second)) {
		t.Errorf("got %v, %v, want about %v", k.LastUsed, err, at)
	}
}

// TestSecretsAreSealed looks for secrets in everything that is stored.
func TestSecretsAreSealed(t *testing.T) {
	f := newFixture(t)
	f.addStaff("mia", chat.StaffModerator, nil)
	p := f.loggedIn("admin")
	key := decode[KeySecret](t, p.call("POST", "/keys", `{"label":"bot","scopes":["rooms:read"]}`, "Idempotency-Key: planted-idempotency-key"))
	made := decode[MadePassword](t, p.call("POST", "/staff/mia/password", "", "Idempotency-Key: another-idempotency-key"))
	invite := decode[InviteSecret](t, p.call("POST", "/invites", `{"role":"viewer"}`, "Idempotency-Key: third-idempotency-key"))
	for _, s := range []string{key.Secret, made.Password, invite.Token, p.cookie.Value, testPassword, "idempotency-key"} {
		err := filepath.WalkDir(f.dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if bytes.Contains(data, []byte(s)) {
				t.Errorf("%s holds %q", filepath.Base(path), s)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if key.Secret == "" || made.Password == "" || invite.Token == "" {
		t.Error("there was nothing to find")
	}
}
