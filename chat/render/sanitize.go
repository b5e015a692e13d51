package render

import (
	"html"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
)

// html returns the rendering, empty where it would only be the escaped text. What parse
// built is safe already; bluemonday holds it to the list.
func (m *markup) html() string {
	if !m.tagged {
		return ""
	}
	var out strings.Builder
	for _, p := range m.pieces {
		if p.tag != "" {
			out.WriteString(p.tag)
		} else {
			out.WriteString(html.EscapeString(p.text))
		}
	}
	return allowList().Sanitize(out.String())
}

// allowList is what a rendering may consist of. A bluemonday policy is safe for
// concurrent use once it is complete.
var allowList = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("br", "code", "del", "em", "pre", "strong")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^` + linkRel + `$`)).OnElements("a")
	p.AllowAttrs("target").Matching(regexp.MustCompile(`^_blank$`)).OnElements("a")
	p.AllowURLSchemes("http", "https")
	p.RequireParseableURLs(true)
	return p
})
