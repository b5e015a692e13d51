package chat

import "github.com/chatd/chatd/chat/render"

// Render returns a text's forms for readers: html, safe to assign to innerHTML and
// empty where it would only be the escaped text; and plain, which holds no tag for any
// HTML parser and may come out empty.
func Render(text string) (html, plain string) {
	f := render.Of(text)
	return f.HTML, f.Plain
}
