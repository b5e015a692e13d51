// Package render turns what an author typed into the forms that readers see: plain text
// that holds no tag, and a small HTML rendering. It is the only home of bluemonday.
//
// What it guarantees, for any input:
//
//   - Forms.Plain holds no tag, comment or doctype for an HTML tokenizer, and text in which
//     no "<" opens one is in it as typed, entities included. Its own plain form is itself.
//   - Forms.HTML has passed bluemonday with an allow list of a, br, code, del, em, pre and
//     strong; links lead to http and https only. Nothing typed is ever taken for HTML.
//   - The cost is linear in the length of the text, and nothing is allocated for text without
//     any markup in it.
//
// The plain form is not made by bluemonday, which escapes what it lets pass: "AT&T" would
// come back as "AT&amp;T".
//
// What it leaves to others: what characters a text may hold (chat.CleanText), how long it
// may be, and what to do with a text whose plain form is empty (chat).
package render
