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
	// visible is what is seen of the rendering; of a text without markup it is the text.
	visible string
}

// Of renders a text.
func Of(text string) Forms {
	if !hasMarkup(text) {
		return withoutMarkup(text)
	}
	m := parse(text)
	return Forms{Plain: plain(text), HTML: m.html(), visible: m.visible()}
}

func withoutMarkup(text string) Forms { return Forms{Plain: plain(text), visible: text} }

// Views returns every form of the text that f was made of that somebody reads, each once and the typed text
// first: the policy judges all of them.
func (f Forms) Views(text string) []string {
	views := []string{text}
	add := func(view string) {
		if !slices.Contains(views, view) {
			views = append(views, view)
		}
	}
	add(f.Plain)
	if strings.Contains(f.Plain, "&") {
		add(html.UnescapeString(f.Plain)) // what a page shows that assigns the plain form to innerHTML
	}
	add(f.visible)
	return views
}
