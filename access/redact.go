package access

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// hidden stands where a secret was.
const hidden = "(hidden)"

// The forms in which secrets turn up in text: query parameters, credentials within URLs,
// headers, and tokens and keys by their own form.
var (
	secretParam  = regexp.MustCompile(`(?i)((?:^|[?&;\s"'])(?:access_|id_|refresh_|guest_)?(?:token|password|secret|api_?key|key)=)[^&\s"'#;]+`)
	secretUser   = regexp.MustCompile(`(\w://[^/\s:@]*):[^/\s@]+@`)
	secretHeader = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie|x-api-key)(["']?\s*[:=]\s*\[?["']?)[^\r\n"'\]]+`)
	secretToken  = regexp.MustCompile(`\beyJ[\w-]{4,}\.[\w-]*(?:\.[\w-]*)?|\bcg1\.[\w-]{8,}|\bchatd_[0-9A-Za-z]{20,}|(?i:\b(bearer|basic)\s+[\w.~+/=-]{8,})`)
)

// Scrub replaces every secret that it knows the form of.
func Scrub(s string) string {
	if !strings.ContainsAny(s, "=:._ ") {
		return s
	}
	s = secretParam.ReplaceAllString(s, "${1}"+hidden)
	s = secretUser.ReplaceAllString(s, "${1}:"+hidden+"@")
	s = secretHeader.ReplaceAllString(s, "${1}${2}"+hidden)
	return secretToken.ReplaceAllString(s, hidden)
}

// ScrubURL returns an address without its password and secret parameters, whatever way
// these are written.
func ScrubURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return Scrub(s)
	}
	// By the decoded name, so that "%74oken=" is found too.
	pairs := strings.Split(u.RawQuery, "&")
	for i, pair := range pairs {
		name, _, ok := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if ok && (err != nil || secretName(plain)) {
			pairs[i] = name + "=" + hidden
		}
	}
	u.RawQuery = strings.Join(pairs, "&")
	return Scrub(u.Redacted())
}

// joined takes the separators out of a name. A replacer is dear to make: this is asked of each attribute of each line.
var joined = strings.NewReplacer("-", "", "_", "")

func secretName(name string) bool {
	name = strings.ToLower(joined.Replace(name))
	switch name {
	case "authorization", "proxyauthorization", "cookie", "setcookie", "xapikey":
		return true
	}
	for _, s := range []string{"token", "password", "secret", "apikey"} {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// ReplaceAttr hides secrets in logs, for slog.HandlerOptions: values under a secret's name
// whole, and in every text, error, URL and header what looks like one.
func ReplaceAttr(_ []string, a slog.Attr) slog.Attr {
	if secretName(a.Key) {
		return slog.String(a.Key, hidden)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(scrubText(a.Value.String()))
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case nil, *slog.Source, slog.Level:
		case *url.URL:
			a.Value = slog.StringValue(ScrubURL(v.String()))
		case http.Header:
			a.Value = slog.AnyValue(scrubHeader(v))
		case error:
			a.Value = slog.StringValue(Scrub(v.Error()))
		case fmt.Stringer:
			a.Value = slog.StringValue(Scrub(v.String()))
		case []byte:
			a.Value = slog.StringValue(Scrub(string(v)))
		default:
			a.Value = slog.StringValue(Scrub(fmt.Sprintf("%+v", v)))
		}
	}
	return a
}

// scrubText treats a text that begins like an address as one.
func scrubText(s string) string {
	if strings.HasPrefix(s, "/") || strings.Contains(s, "://") && !strings.ContainsAny(s, " \t\n") {
		return ScrubURL(s)
	}
	return Scrub(s)
}

func scrubHeader(h http.Header) http.Header {
	h = h.Clone()
	for name, values := range h {
		for i := range values {
			if secretName(name) {
				values[i] = hidden
			} else {
				values[i] = Scrub(values[i])
			}
		}
	}
	return h
}
