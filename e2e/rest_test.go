package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/chatd/chatd/client"
	"github.com/chatd/chatd/client/rest"
)

// withKey starts a program that has the staff's key.
var withKey = "CHATD_API_KEY=" + staffKey

// rest is the program's API, with the key of all rights. Nothing is repeated: what fails, a test wants to see.
func (p *program) rest(t *testing.T) *rest.ClientWithResponses {
	t.Helper()
	c, err := rest.New("http://"+p.addr, rest.Options{Key: staffKey, Tries: 1})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// behind is a header of a proxy that says whom it serves.
func behind(addr string) http.Header { return http.Header{"X-Forwarded-For": {addr}} }

// guest dials as a new guest of this name from this address, behind a trusted proxy.
func (p *program) guest(t *testing.T, name, addr string) *client.Client {
	t.Helper()
	return p.dial(t, client.Options{Name: name, HTTPHeader: behind(addr)})
}

// refusedWith wants a call of the API to be refused with this code.
func refusedWith(t *testing.T, what string, err error, code string) {
	t.Helper()
	if got := rest.CodeOf(err); got != code {
		t.Errorf("%s: got %v, want it refused with %s", what, err, code)
	}
}

// must returns what a call of the API answered.
func must[T any](t *testing.T, what string) func(answer *T, err error) *T {
	t.Helper()
	return func(answer *T, err error) *T {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return answer
	}
}

// someKey is an Idempotency-Key.
func someKey() *string {
	k := uuid.NewString()
	return &k
}

// second is a promise of one second as tests hold it: five times that (docs/testing.md).
const second = 5 * time.Second
