package render

import lru "github.com/hashicorp/golang-lru/v2"

// Cache remembers the forms of texts with markup: a page of history is read by many, and
// rendering is the dearest part of reading it. It is safe for concurrent use.
type Cache struct {
	forms *lru.Cache[string, Forms]
}

// maxRemembered bounds a text that is remembered, in bytes: its HTML can be five times as
// long. Longer ones are rendered each time.
const maxRemembered = 2 << 10

// NewCache makes a cache of so many texts; at least 1.
func NewCache(texts int) *Cache {
	c, err := lru.New[string, Forms](max(1, texts))
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return &Cache{forms: c}
}

// Of is the function Of, remembered.
func (c *Cache) Of(text string) Forms {
	if !hasMarkup(text) {
		return withoutMarkup(text) // it costs no more than looking it up
	}
	if len(text) > maxRemembered {
		return Of(text)
	}
	if f, ok := c.forms.Get(text); ok {
		return f
	}
	f := Of(text)
	c.forms.Add(text, f)
	return f
}
