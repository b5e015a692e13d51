package render

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// hostile draws text from the parts that tags and markup are made of.
func hostile() *rapid.Generator[string] {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{
			"<", "<<", ">", "</", "/>", "<!", "<!--", "-->", "--!>", "-", "<?", "<![CDATA[", "]]>",
			"b", "script", "img", " ", "=", `"`, "'", "/", "!", "?", "\x00", "\n", "&lt;", "&#60;", "&", ";",
			"*", "**", "***", "_", "~~", "`", "```", "http://", "https://a.example/", "javascript:", "(", ")", "é", "\u200b", "\xff",
		}),
		rapid.String(),
	)
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOf(part).Draw(t, "parts"), "") })
}

func TestFormsHoldForAnyInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkForms(t, hostile().Draw(t, "text")) })
}

func FuzzForms(f *testing.F) {
	for _, s := range []string{
		"I <3 you", "<b>x</b>", "<<b>script>", "<!-- x", "</x", `<a b="<`, "*a* `b` ~~c~~ http://a.example/(b)", "sp&#97;m", "```\nx\n```", "<\x00b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { checkForms(t, text) })
}

type failer interface {
	Helper()
	Errorf(format string, args ...any)
}

func checkForms(t failer, text string) {
	t.Helper()
	got := Of(text)
	if tag := firstTag(got.Plain); tag != "" {
		t.Errorf("plain form of %q: %q holds %s", text, got.Plain, tag)
	}
	if !hasOpening(text) && got.Plain != text {
		t.Errorf("plain form of %q, in which nothing opens a tag: got %q", text, got.Plain)
	}
	if again := Of(got.Plain).Plain; again != got.Plain {
		t.Errorf("plain form of %q: got %q, and of that %q", text, got.Plain, again)
	}
	if bad := notAllowed(got.HTML); bad != "" {
		t.Errorf("HTML of %q: %q holds %s", text, got.HTML, bad)
	}
	checkVisible(t, text, got.HTML)
	if m := parse(text); m.html() != got.HTML || m.visible() != got.visible {
		t.Errorf("%q is rendered as %q and %q, parsed as %q and %q", text, got.HTML, got.visible, m.html(), m.visible())
	}
	if views := Of(text).Views(text); !slices.Contains(views, text) || !slices.Contains(views, got.Plain) {
		t.Errorf("views of %q lack a form: got %q", text, views)
	}
}

// checkVisible compares what a browser shows of the HTML with what the policy is shown.
func checkVisible(t failer, text, rendered string) {
	t.Helper()
	if rendered == "" || !isText(text) {
		return
	}
	var seen strings.Builder
	for z := html.NewTokenizer(strings.NewReader(rendered)); z.Next() != html.ErrorToken; {
		switch tok := z.Token(); {
		case tok.Type == html.TextToken:
			seen.WriteString(tok.Data)
		case tok.Data == "br":
			seen.WriteString("\n")
		}
	}
	if views := Of(text).Views(text); !slices.Contains(views, seen.String()) {
		t.Errorf("views of %q: got %q, want among them what the HTML shows: %q", text, views, seen.String())
	}
}

// isText reports whether text is what chat.CleanText lets pass, as far as HTML parsers
// change it: valid UTF-8 without control characters.
func isText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7F || r == '\uFFFD' })
}

func firstTag(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch tt := z.Next(); tt {
		case html.ErrorToken:
			return ""
		case html.TextToken:
		default:
			return tt.String() + " " + z.Token().String()
		}
	}
}

func notAllowed(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.TextToken:
		case html.CommentToken, html.DoctypeToken:
			return z.Token().String()
		default:
			if tok := z.Token(); !allowed(tok) {
				return tok.String()
			}
		}
	}
}

func allowed(tok html.Token) bool {
	for _, a := range tok.Attr {
		switch {
		case tok.Data != "a":
			return false
		case a.Key == "href" && (strings.HasPrefix(a.Val, "http://") || strings.HasPrefix(a.Val, "https://")):
		case a.Key == "rel" && a.Val == linkRel, a.Key == "target" && a.Val == "_blank":
		default:
			return false
		}
	}
	if tok.Data == "a" && tok.Type == html.StartTagToken {
		return len(tok.Attr) == 3
	}
	return slices.Contains([]string{"a", "br", "code", "del", "em", "pre", "strong"}, tok.Data)
}
