package render

import (
	"html"
	"slices"
	"strings"
)

// Forms are what readers see of one text.
type Forms struct {
	// HTML is safe to assign to innerHTML; empty where it would only be the escaped text.
	HTML string
	// Plain holds no tag for an HTML parser. It can be empty: the text was nothing but tags.
	Plain string
}

// Of renders a text.
func Of(text string) Forms {
	f := Forms{Plain: plain(text)}
	if hasMarkup(text) {
		f.HTML = parse(text).html()
	}
	return f
}

// Views returns every form of text that somebody reads, each once and the typed text
// first: the policy judges all of them.
func Views(text string) []string {
	views := []string{text}
	add := func(view string) {
		if !slices.Contains(views, view) {
			views = append(views, view)
		}
	}
	p := plain(text)
	add(p)
	if strings.Contains(p, "&") {
		add(html.UnescapeString(p)) // what a page shows that assigns the plain form to innerHTML
	}
	if hasMarkup(text) {
		add(parse(text).visible())
	}
	return views
}
