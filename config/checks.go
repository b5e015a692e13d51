package config

import (
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	minPassword  = 8  // characters
	minAPIKey    = 16 // characters
	minJWTSecret = 8  // bytes
	goodSecret   = 32 // bytes; RFC 7518 section 3.2
)

// checks are what the is tag names. They return what is allowed. Empty values pass, except
// where the setting needs one.
var checks = map[string]func(string) error{
	"addr":      checkAddr,
	"localaddr": checkLocalAddr,
	"filled":    func(s string) error { return allow(strings.TrimSpace(s) != "", "anything but nothing") },
	"database":  checkDatabase,
	"redis":     checkRedis,
	"web":       checkWeb,
	"algorithm": checkAlgorithm,
	"origin":    checkOrigin,
	"password": func(s string) error {
		return allow(len([]rune(s)) >= minPassword && len(s) <= 1024, "a password of at least 8 characters")
	},
	"apikey": func(s string) error {
		bad := func(r rune) bool { return r <= ' ' || r > '~' }
		return allow(len(s) >= minAPIKey && len(s) <= 256 && !strings.ContainsFunc(s, bad), "16 to 256 printable ASCII characters without spaces")
	},
	"jwtsecret": func(s string) error {
		return allow(len(s) >= minJWTSecret, "a secret of at least 8 bytes, better 32 (make one with: openssl rand -base64 32)")
	},
}

func allow(ok bool, allowed string) error {
	if ok {
		return nil
	}
	return errors.New(allowed)
}

func checkAddr(s string) error {
	host, port, err := net.SplitHostPort(s)
	n, errPort := strconv.ParseUint(port, 10, 16)
	ok := err == nil && errPort == nil && n <= 65535 && !strings.ContainsAny(host, " /@")
	return allow(ok, "host:port or :port, with a port from 0 (any free one) to 65535")
}

func checkLocalAddr(s string) error {
	host, _, _ := net.SplitHostPort(s)
	return allow(checkAddr(s) == nil && loopback(host), "an address that this machine alone reaches, such as 127.0.0.1:6060 or localhost:6060")
}

func checkDatabase(s string) error {
	u, err := url.Parse(s)
	ok := err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") && (u.Host != "" || u.Query().Has("host"))
	return allow(ok, "an address like postgres://user:password@host:5432/name; empty for SQLite in the data folder")
}

var redisSchemes = []string{"redis", "rediss", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel"}

func checkRedis(s string) error {
	u, err := url.Parse(s)
	ok := err == nil && u.Host != "" && slices.Contains(redisSchemes, u.Scheme)
	return allow(ok, "an address like redis://host:6379/0 or rediss://user:password@host:6379")
}

func checkWeb(s string) error {
	u, err := url.Parse(s)
	ok := err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
	return allow(ok, "an https or http address")
}

func checkAlgorithm(s string) error {
	algorithms := []string{"HS256", "RS256", "ES256", "EdDSA"}
	return allow(slices.Contains(algorithms, s), "a list of "+strings.Join(algorithms, ", "))
}

func checkOrigin(s string) error {
	if s == "*" {
		return nil
	}
	u, err := url.Parse(s)
	ok := err == nil && u.Scheme != "" && u.Host != "" && u.User == nil && u.Path == "" && !strings.ContainsAny(s, "?#\\ ") &&
		!strings.Contains(strings.TrimPrefix(u.Host, "*."), "*")
	return allow(ok, "a list of sites like https://example.com, http://localhost:3000 or https://*.example.com, without a path; or *")
}

// together checks what settings have to do with each other, and returns warnings for what
// is allowed and yet doubtful.
func (s *Settings) together(from func(name string) Source) (wrong []Problem, warnings []string) {
	add := func(name, allowed string) {
		wrong = append(wrong, Problem{Setting: name, Source: from(name), Message: allowed})
	}
	if s.RedisURL != "" {
		add("redis-url", "this version runs on one node and has no use for Redis, which comes with a later one; "+
			"unset CHATD_REDIS_URL and REDIS_HOST to start with the broker in memory")
	}
	if s.JWTSecretPrevious != "" && s.JWTSecret == "" {
		add("jwt-secret-previous", "needs jwt-secret, the secret that replaces it")
	}
	wrong = append(wrong, s.unserved(from)...)
	for name, secret := range map[string]Secret{"jwt-secret": s.JWTSecret, "jwt-secret-previous": s.JWTSecretPrevious} {
		if secret != "" && len(secret) < goodSecret {
			warnings = append(warnings, name+" is shorter than 32 bytes: who has a token can guess it by trying; make one with: openssl rand -base64 32")
		}
	}
	if u, err := url.Parse(s.JWKSURL); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
		warnings = append(warnings, "jwks-url is not https: whoever is on the way can put their keys in its place")
	}
	if slices.Contains(s.AllowedOrigins, "*") {
		warnings = append(warnings, "allowed-origins has *: every site may open connections from its visitors' browsers")
	}
	slices.Sort(warnings)
	return wrong, warnings
}

// unserved finds algorithms that no configured key serves.
func (s *Settings) unserved(from func(string) Source) (wrong []Problem) {
	for _, alg := range s.JWTAlgorithms {
		if alg == "HS256" && s.JWTSecret == "" {
			wrong = append(wrong, Problem{Setting: "jwt-algorithms", Source: from("jwt-algorithms"), Message: "HS256 needs jwt-secret"})
		}
		if alg != "HS256" && s.JWTPublicKeyFile == "" && s.JWKSURL == "" {
			wrong = append(wrong, Problem{Setting: "jwt-algorithms", Source: from("jwt-algorithms"), Message: alg + " needs jwt-public-key-file or jwks-url"})
		}
	}
	return wrong
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
