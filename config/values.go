package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const hidden = "(hidden)"

// Secret is a text that no formatting shows. Convert it to string to use it.
type Secret string

// String returns "(hidden)", or "" for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// Format hides the secret from every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON hides the secret from JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalYAML hides the secret from YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// SecretURL is an address whose password no formatting shows. Convert it to string to use it.
type SecretURL string

// String returns the address with "(hidden)" in the place of a password, and nothing but
// that where it can't be told what is one.
func (s SecretURL) String() string {
	if s == "" {
		return ""
	}
	u, err := url.Parse(string(s))
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		return hidden
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return hidden
	}
	for name := range q {
		if strings.Contains(strings.ToLower(name), "password") {
			q.Set(name, hidden)
			u.RawQuery = strings.ReplaceAll(q.Encode(), url.QueryEscape(hidden), hidden)
		}
	}
	if _, ok := u.User.Password(); ok {
		name := url.User(u.User.Username()).String()
		u.User = nil
		return strings.Replace(u.String(), "://", "://"+name+":"+hidden+"@", 1)
	}
	return u.String()
}

// Format hides the password from every verb of fmt.
func (s SecretURL) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// LogValue hides the password from slog.
func (s SecretURL) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON hides the password from JSON.
func (s SecretURL) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalYAML hides the password from YAML.
func (s SecretURL) MarshalYAML() (any, error) { return s.String(), nil }

// Rate is an allowance: Limit in each Period. The zero Rate is no limit.
type Rate struct {
	Limit  int64
	Period time.Duration
}

const (
	maxRateLimit  = 1_000_000
	maxRatePeriod = 24 * time.Hour
)

// ParseRate reads "20/10s", or "off".
func ParseRate(s string) (Rate, error) {
	if s == "off" {
		return Rate{}, nil
	}
	n, period, _ := strings.Cut(s, "/")
	limit, err1 := strconv.ParseInt(n, 10, 64)
	d, err2 := time.ParseDuration(period)
	if err1 != nil || err2 != nil || limit < 1 || limit > maxRateLimit || d < time.Millisecond || d > maxRatePeriod {
		return Rate{}, fmt.Errorf("a rate such as 20/10s, of 1 to %d in 1ms to 24h; or off", maxRateLimit)
	}
	return Rate{limit, d}, nil
}

func (r Rate) String() string {
	if r.Limit == 0 {
		return "off"
	}
	return strconv.FormatInt(r.Limit, 10) + "/" + formatDuration(r.Period)
}

// Size is a number of bytes.
type Size int64

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// ParseSize reads "64KiB", "1MiB", or bytes.
func ParseSize(s string) (Size, error) {
	unit, number := int64(1), s
	for _, u := range sizeUnits {
		if n, ok := strings.CutSuffix(s, u.suffix); ok {
			unit, number = u.bytes, n
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > (1<<50)/unit {
		return 0, fmt.Errorf("a size such as 64KiB or 1MiB")
	}
	return Size(n * unit), nil
}

func (s Size) String() string {
	for _, u := range sizeUnits {
		if u.bytes > 1 && s > 0 && int64(s)%u.bytes == 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// Window is a time within which something may be done; or always, or never.
type Window struct {
	Off bool          // never
	For time.Duration // 0: for ever
}

// ParseWindow reads a duration, "forever" or "off". There is no "0": it could mean either.
func ParseWindow(s string) (Window, error) {
	switch s {
	case "off":
		return Window{Off: true}, nil
	case "forever":
		return Window{}, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return Window{}, fmt.Errorf("a duration such as 15m; forever; or off")
	}
	return Window{For: d}, nil
}

func (w Window) String() string {
	switch {
	case w.Off:
		return "off"
	case w.For == 0:
		return "forever"
	}
	return formatDuration(w.For)
}

// formatDuration drops the zero parts that time.Duration prints: "15m", not "15m0s".
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
