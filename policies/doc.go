// Package policies decides whether a text breaks the rules of a chat. A policy is a
// YAML file of prohibited words; docs/policies.md shows how to write one.
//
// It is pure: text in, verdict out; no clock, no network, no files but those of the
// fs.FS that Load is given. A Set is immutable and safe for concurrent use.
//
// What it guarantees:
//
//   - A file is taken whole or refused whole. Load names the file, the line, what is
//     wrong and what is allowed.
//   - Check costs time linear in the length of its input, whatever the words are, and
//     allocates nothing for an ASCII text in which no term occurs.
//   - A Span lies on rune boundaries of the view that it refers to.
//
// What it leaves to others: which forms of a message are judged (chat/render), what
// happens to a message that is refused, and who is told (chat).
//
// Words are compared in the form that fold gives them: NFKC, case folded, without the
// code points that nobody sees. Seeing through disguises (look-alike letters, digits
// for letters, stretched and spaced words) belongs behind the same Check.
package policies
