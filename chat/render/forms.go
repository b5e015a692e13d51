package render

import "html"

// Forms are the renderings of one text.
type Forms struct {
	// HTML is safe to assign to innerHTML; empty where it would only be the escaped text.
	HTML string
	// Plain holds no tag for any HTML parser.
	Plain string
}

// Of renders text.
func Of(text string) Forms { return Forms{Plain: html.EscapeString(text)} }
