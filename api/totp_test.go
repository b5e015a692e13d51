package api

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/chatd/chatd/broker"
	"github.com/chatd/chatd/chat"
)

// codeAt is an authenticator (RFC 6238), written apart from access.
func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha1.New, key)
	_ = binary.Write(h, binary.BigEndian, uint64(at.Unix()/30))
	sum := h.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&(1<<31-1)%1e6)
}

const proof1 = `{"password":"` + testPassword + `"}`

// withTOTP has mia turn one-time codes on.
func withTOTP(t *testing.T) (f *fixture, mia *person, secret string, recovery []string) {
	t.Helper()
	f = newFixture(t)
	f.addStaff("mia", chat.StaffModerator, nil)
	mia = f.loggedIn("mia")
	started := decode[TOTPSecret](t, mia.call("POST", "/me/totp", proof1))
	if u, err := url.Parse(started.URI); err != nil || u.Query().Get("secret") != started.Secret || u.Path != "/chatd:mia" {
		t.Errorf("got URI %q of the secret %q", started.URI, started.Secret)
	}
	r := mia.call("PUT", "/me/totp", `{"code":"`+codeAt(t, started.Secret, f.now())+`"}`)
	wantStatus(t, r, http.StatusOK)
	return f, mia, started.Secret, decode[RecoveryCodes](t, r).Codes
}

func TestTOTPAtLogIn(t *testing.T) {
	f, mia, secret, _ := withTOTP(t)
	if me := decode[Me](t, mia.call("GET", "/me", "")); !me.TOTP {
		t.Errorf("got %+v, want one-time codes on", me)
	}
	wantProblem(t, f.person().logIn("mia", testPassword, ""), 401, "totp_required")
	wantProblem(t, f.person().logIn("mia", testPassword, codeAt(t, secret, f.now())), 401, "totp_invalid") // it confirmed
	f.pass(time.Minute)
	code := codeAt(t, secret, f.now())
	wantProblem(t, f.person().logIn("mia", "wrong password", code), 401, "credentials_invalid")
	wantProblem(t, f.person().logIn("mia", "wrong password", ""), 401, "credentials_invalid")
	wantProblem(t, f.person().logIn("admin", "wrong password", code), 401, "credentials_invalid")
	wantStatus(t, f.person().logIn("mia", testPassword, code), http.StatusOK)
	wantProblem(t, f.person().logIn("mia", testPassword, code), 401, "totp_invalid")                                            // a replay
	wantProblem(t, f.person().logIn("mia", testPassword, codeAt(t, secret, f.now().Add(-30*time.Second))), 401, "totp_invalid") // an older one
	f.pass(time.Minute)
	wantStatus(t, f.person().logIn("mia", testPassword, codeAt(t, secret, f.now().Add(20*time.Second))), http.StatusOK)
}

// TestTOTPRace has one code come many times at once.
func TestTOTPRace(t *testing.T) {
	f, _, secret, _ := withTOTP(t)
	f.pass(time.Minute)
	code := codeAt(t, secret, f.now())
	var wait sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 8 {
		wait.Go(func() {
			r := f.person().logIn("mia", testPassword, code)
			mu.Lock()
			defer mu.Unlock()
			statuses[r.status]++
		})
	}
	wait.Wait()
	if statuses[200] != 1 || statuses[401] != 7 {
		t.Errorf("got %v, want one log-in of eight", statuses)
	}
}

func TestRecoveryCodesWorkOnce(t *testing.T) {
	f, mia, _, codes := withTOTP(t)
	if len(codes) != 10 {
		t.Fatalf("got %d codes, want 10", len(codes))
	}
	wantStatus(t, f.person().logIn("mia", testPassword, strings.ToUpper(codes[3])), http.StatusOK)
	wantProblem(t, f.person().logIn("mia", testPassword, codes[3]), 401, "totp_invalid")
	again := decode[RecoveryCodes](t, mia.call("POST", "/me/recovery-codes", proof1)).Codes
	wantProblem(t, f.person().logIn("mia", testPassword, codes[4]), 401, "totp_invalid") // of the old ones
	wantStatus(t, f.person().logIn("mia", testPassword, again[4]), http.StatusOK)
}

func TestTOTPIsTurnedOff(t *testing.T) {
	f, mia, secret, codes := withTOTP(t)
	f.pass(time.Minute)
	remove := func(password, code string) string {
		return asJSON(t, map[string]string{"password": password, "code": code})
	}
	wantProblem(t, mia.call("POST", "/me/totp", proof1), 409, "totp_on")
	wantProblem(t, mia.call("PUT", "/me/totp", `{"code":"123456"}`), 409, "totp_on")
	wantProblem(t, mia.call("POST", "/me/totp/remove", remove("wrong password", codes[0])), 401, "credentials_invalid")
	wantProblem(t, mia.call("POST", "/me/totp/remove", remove(testPassword, "000 000")), 401, "totp_invalid")
	wantStatus(t, mia.call("POST", "/me/totp/remove", remove(testPassword, codeAt(t, secret, f.now()))), http.StatusNoContent)
	wantStatus(t, f.person().logIn("mia", testPassword, ""), http.StatusOK)
	wantProblem(t, mia.call("POST", "/me/totp/remove", remove(testPassword, codes[0])), 409, "totp_off")
	wantProblem(t, mia.call("POST", "/me/recovery-codes", proof1), 409, "totp_off")
}

func TestTOTPByAnAdmin(t *testing.T) {
	f, mia, _, _ := withTOTP(t)
	wantStatus(t, f.loggedIn("admin").call("DELETE", "/staff/mia/totp", ""), http.StatusOK)
	wantProblem(t, mia.call("GET", "/me", ""), 401, "credentials_invalid")
	wantStatus(t, f.person().logIn("mia", testPassword, ""), http.StatusOK)
}

func TestTOTPIsConfirmed(t *testing.T) {
	f := newFixture(t)
	p, other := f.loggedIn("admin"), f.loggedIn("admin")
	wantProblem(t, p.call("POST", "/me/totp", `{"password":"wrong password"}`), 401, "credentials_invalid")
	first := decode[TOTPSecret](t, p.call("POST", "/me/totp", proof1))
	if second := decode[TOTPSecret](t, other.call("POST", "/me/totp", proof1)); second.Secret == first.Secret {
		t.Error("another session is offered the same secret")
	}
	wantProblem(t, p.call("PUT", "/me/totp", `{"code":"`+codeAt(t, first.Secret, f.now().Add(time.Hour))+`"}`), 422, "code_wrong")
	wantProblem(t, other.call("PUT", "/me/totp", `{"code":"`+codeAt(t, first.Secret, f.now())+`"}`), 422, "code_wrong")
	wantStatus(t, f.person().logIn("admin", testPassword, ""), http.StatusOK) // nothing is on yet
	wantStatus(t, p.call("PUT", "/me/totp", `{"code":"`+codeAt(t, first.Secret, f.now())+`"}`), http.StatusOK)
	wantProblem(t, other.call("GET", "/me", ""), 401, "credentials_invalid")
}

// TestTOTPIsThrottled has somebody who knows the password try codes from many addresses, for days. The owner comes in
// with a recovery code meanwhile.
func TestTOTPIsThrottled(t *testing.T) {
	f, _, secret, codes := withTOTP(t)
	tried := 0
	tries := func() (taken int) {
		for range 2 * codesAnHour.Limit {
			p := f.person()
			p.addr = fmt.Sprintf("203.0.113.%d", tried%250)
			tried++
			if r := p.logIn("mia", testPassword, "000000"); r.status == http.StatusTooManyRequests {
				wantProblem(t, r, 429, "too_many_codes")
			} else {
				taken++
				wantProblem(t, r, 401, "totp_invalid")
			}
		}
		return taken
	}
	if got := tries(); int64(got) != codesAnHour.Limit {
		t.Errorf("got %d codes tried, want %d", got, codesAnHour.Limit)
	}
	wantProblem(t, f.person().logIn("mia", testPassword, codeAt(t, secret, f.now())), 429, "too_many_codes")
	wantStatus(t, f.person().logIn("mia", testPassword, codes[0]), http.StatusOK)
	if !strings.Contains(f.log.String(), "tries one-time codes") {
		t.Error("the log doesn't tell of it")
	}
}

// TestCodesAreCountedInARow takes the throttle through a day: a right code starts it anew.
func TestCodesAreCountedInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := &throttle{limiter: broker.NewMemory(broker.Config{})}
		var taken int64
		for range 23 * 2 {
			for range 2 * codesAnHour.Limit {
				if th.code(t.Context(), "mia", 7) == nil {
					taken++
				}
			}
			time.Sleep(30 * time.Minute)
		}
		if taken != codesADay.Limit {
			t.Errorf("got %d codes tried in a day, want %d", taken, codesADay.Limit)
		}
		if err := th.code(t.Context(), "mia", 8); err != nil {
			t.Errorf("got %v after a right code, want it to start anew", err)
		}
	})
}
