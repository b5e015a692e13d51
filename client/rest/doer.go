package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// maxAnswer bounds an answer that isn't a stream, in bytes.
const maxAnswer = 32 << 20

const (
	defaultTries   = 4
	defaultLongest = 10 * time.Second
	defaultTimeout = 30 * time.Second
	firstPause     = 200 * time.Millisecond
)

// Error tells what was refused.
func (p *Problem) Error() string {
	text := fmt.Sprintf("%s: %s", p.Code, p.Detail)
	if p.Errors != nil {
		for _, f := range *p.Errors {
			text += fmt.Sprintf(" %s: %s", f.Field, f.Message)
		}
	}
	return text
}

// CodeOf returns the stable code of the refusal in err's chain, or "".
func CodeOf(err error) string {
	var p *Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

// doer sends requests, repeats what fails for a passing reason, and makes errors of refusals.
type doer struct {
	http    *http.Client
	tries   int
	longest time.Duration
	timeout time.Duration // of one try, answer included; zero: the http.Client's business
}

func newDoer(o Options) *doer {
	d := &doer{http: o.HTTP, tries: o.Tries, longest: o.LongestWait}
	if d.http == nil {
		d.http, d.timeout = &http.Client{CheckRedirect: refuseRedirect}, defaultTimeout
	}
	if d.tries <= 0 {
		d.tries = defaultTries
	}
	if d.longest <= 0 {
		d.longest = defaultLongest
	}
	return d
}

// refuseRedirect keeps credentials from going where the server never sends them.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Do implements HttpRequestDoer.
func (d *doer) Do(r *http.Request) (*http.Response, error) {
	pause := firstPause
	for try := 1; ; try++ {
		res, err := d.once(r)
		if err == nil {
			return res, nil
		}
		wait, again := d.passing(r, err)
		if !again || try == d.tries {
			return nil, err
		}
		if wait == 0 {
			wait = pause/2 + rand.N(pause) //nolint:gosec // a pause that differs from the others, no secret
			pause *= 2
		}
		if err := sleep(r.Context(), wait); err != nil {
			return nil, err
		}
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// once sends a request. The body of a good answer is read within the bounds, but for a stream's.
func (d *doer) once(r *http.Request) (*http.Response, error) {
	ctx, cancel := r.Context(), context.CancelFunc(func() {})
	stop := (*time.Timer)(nil)
	if d.timeout > 0 {
		ctx, cancel = context.WithCancel(ctx)
		stop = time.AfterFunc(d.timeout, cancel)
	}
	res, err := d.http.Do(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	if isStream(res) {
		if stop != nil {
			stop.Stop() // it lasts as long as its reader wants
		}
		res.Body = &closer{res.Body, cancel}
		return res, nil
	}
	defer cancel()
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("read answer: it has more than %d bytes", maxAnswer)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return nil, problemOf(res, body)
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

// closer ends the request with its stream.
type closer struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (c *closer) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}

func isStream(res *http.Response) bool {
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return res.StatusCode == http.StatusOK && (media == "text/event-stream" || media == "application/x-ndjson")
}

// problemOf makes an error of an answer that refuses; of one that isn't chatd's, too (a proxy's).
func problemOf(res *http.Response, body []byte) error {
	p := &Problem{}
	if err := json.Unmarshal(body, p); err != nil || p.Code == "" {
		p = &Problem{Code: "http_" + strconv.Itoa(res.StatusCode), Detail: http.StatusText(res.StatusCode) + "."}
	}
	p.Status = res.StatusCode
	if after, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && p.RetryAfterMs == nil {
		ms := int64(after) * 1000
		p.RetryAfterMs = &ms
	}
	return p
}

// passing reports whether the same request may succeed later, and how long to wait; zero: as one likes.
func (d *doer) passing(r *http.Request, err error) (wait time.Duration, again bool) {
	if r.Context().Err() != nil || r.Body != nil && r.GetBody == nil {
		return 0, false
	}
	if r.Method == http.MethodPost && r.Header.Get(idempotencyKey) == "" {
		return 0, false
	}
	var p *Problem
	if !errors.As(err, &p) {
		return 0, true // no answer
	}
	if p.RetryAfterMs != nil {
		wait = time.Duration(*p.RetryAfterMs) * time.Millisecond
	}
	switch {
	case wait > d.longest:
		return 0, false
	case p.Status == http.StatusTooManyRequests, p.Status == http.StatusServiceUnavailable, p.Status == http.StatusBadGateway,
		p.Status == http.StatusGatewayTimeout, p.Code == "idempotency_running":
		return wait, true
	}
	return 0, false
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
