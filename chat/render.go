package chat

import "github.com/chatd/chatd/chat/render"

// remembered is the one package state here: Render is a pure function that is called
// wherever a message is read, and carrying a cache to all those places would tell their
// readers nothing. 4,096 texts are some megabytes, 64 at the worst.
var remembered = render.NewCache(4096)

// Render returns a text's forms for readers: html, safe to assign to innerHTML and
// empty where it would only be the escaped text; and plain, which holds no tag for any
// HTML parser and may come out empty.
func Render(text string) (html, plain string) {
	f := remembered.Of(text)
	return f.HTML, f.Plain
}
