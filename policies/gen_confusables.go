//go:build ignore

// This program makes confusables_table.go from the Unicode Consortium's confusables.txt
// (Unicode Technical Standard #39), whose path is its argument.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"go/format"
	"log"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Letters that the standard leaves alone, in the order of the alphabet.
const smallCapitals = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡ_ʏᴢ"

func main() {
	if len(os.Args) != 2 || os.Args[1] == "" {
		log.Fatal("usage: go run gen_confusables.go CONFUSABLES.TXT")
	}
	g := generator{prototype: map[rune]string{}, skeleton: map[rune]string{}}
	if err := g.read(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	g.resolve()
	src, err := format.Source(g.source())
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("confusables_table.go", src, 0o644); err != nil {
		log.Fatal(err)
	}
}

type generator struct {
	version   string
	copyright string
	prototype map[rune]string // as the standard has it
	skeleton  map[rune]string // as we compare
}

var versionLine = regexp.MustCompile(`^# Version: ([0-9.]+)`)

// read takes the lines "05AD ; 0596 ; MA # …": source, prototype, type, comment.
func (g *generator) read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimPrefix(lines.Text(), "\ufeff")
		if m := versionLine.FindStringSubmatch(line); m != nil {
			g.version = m[1]
		}
		if strings.HasPrefix(line, "# ©") {
			g.copyright = strings.TrimPrefix(line, "# ")
		}
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Split(line, ";")
		if len(fields) < 3 {
			continue
		}
		from, to := runes(fields[0]), runes(fields[1])
		if len(from) != 1 {
			return fmt.Errorf("unexpected source %q", fields[0])
		}
		g.prototype[from[0]] = string(to)
	}
	return lines.Err()
}

func runes(hex string) []rune {
	var rs []rune
	for _, h := range strings.Fields(hex) {
		r, err := strconv.ParseUint(h, 16, 32)
		if err != nil {
			log.Fatal(err)
		}
		rs = append(rs, rune(r))
	}
	return rs
}

// resolve sets the skeleton of every rune that needs one.
func (g *generator) resolve() {
	all := map[rune]bool{}
	for r, p := range g.prototype {
		for _, q := range string(r) + p {
			all[q], all[unicode.ToLower(q)], all[unicode.ToUpper(q)] = true, true, true
		}
	}
	g.prototype['ß'], g.prototype['ẞ'] = "ss", "ss" // full case folding
	all['ß'], all['ẞ'] = true, true
	for i, r := range []rune(smallCapitals) {
		if r != '_' {
			g.prototype[r] = string(rune('a' + i))
			all[r] = true
		}
	}
	for i := range rune(26) {
		for _, first := range []rune{0x1F150, 0x1F170} { // negative circled, negative squared
			g.prototype[first+i] = string('a' + i)
			all[first+i] = true
		}
	}
	for r := range all {
		if r >= utf8.RuneSelf {
			g.skeleton[r] = g.seen(r)
		}
	}
	g.skeleton['β'] = g.seen('Β') // in Greek names rather than in place of ß
}

// seen is what r counts as: the Latin letters and digits that it is compatible with,
// else those that it looks like, else those that its capital looks like (н has the shape
// of a small Н), else its small letter.
func (g *generator) seen(r rune) string { return g.seenWithin(r, 4) }

func (g *generator) seenWithin(r rune, depth int) string {
	if s := withoutTable(r, nil); s != "" && isASCII(s) {
		return s
	}
	lower := unicode.ToLower(unicode.ToUpper(r))
	for _, q := range []rune{r, unicode.ToUpper(r), lower} {
		if s := g.like(string(q)); s != "" && isASCII(s) {
			return s
		}
	}
	s := g.like(string(lower))
	if s == "" && (unicode.IsLetter(r) || unicode.IsNumber(r)) {
		return plain(string(lower)) // a letter in the shape of an apostrophe (Hebrew yod) counts all the same
	}
	if depth == 0 {
		return s
	}
	var out strings.Builder
	for _, q := range s {
		switch {
		case q < utf8.RuneSelf, q == r:
			out.WriteRune(q)
		default:
			out.WriteString(g.seenWithin(q, depth-1))
		}
	}
	return out.String()
}

// like is the prototype of s without marks and punctuation, ASCII letters in the form
// that Skeleton gives them.
func (g *generator) like(s string) string {
	for range 8 {
		next := g.once(s)
		if next == s {
			return s
		}
		s = next
	}
	log.Fatalf("no end to %q", s)
	return ""
}

func (g *generator) once(s string) string {
	var out strings.Builder
	for _, r := range s {
		switch p, listed := g.prototype[r]; {
		case r < utf8.RuneSelf:
			out.WriteString(asciiSkeleton(r))
		case listed:
			out.WriteString(p)
		default:
			out.WriteString(plain(string(r)))
		}
	}
	return out.String()
}

// plain is NFKD without what Skeleton drops.
func plain(s string) string {
	var out strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if !dropped(r) {
			out.WriteRune(r)
		}
	}
	return out.String()
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// dropped and asciiSkeleton must agree with skeleton.go.
func dropped(r rune) bool {
	if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
		return unicode.Is(unicode.Inherited, r) && r != 0x3099 && r != 0x309A
	}
	return unicode.In(r, unicode.P, unicode.Z, unicode.C, unicode.Sk, unicode.Sm, unicode.Sc)
}

func asciiSkeleton(r rune) string {
	switch r = unicode.ToLower(r); {
	case r == 'i', r == '1', r == '|':
		return "l"
	case r == '0':
		return "o"
	case r == 'm':
		return "rn"
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return string(r)
	}
	return ""
}

// withoutTable is what Skeleton makes of a rune that the table doesn't list, when it
// lists parts.
func withoutTable(r rune, parts map[rune]string) string {
	var out strings.Builder
	for _, q := range norm.NFKD.String(string(r)) {
		q = unicode.ToLower(unicode.ToUpper(q))
		switch s, listed := parts[q]; {
		case listed && q != r:
			out.WriteString(s)
		case q < utf8.RuneSelf:
			out.WriteString(asciiSkeleton(q))
		case !dropped(q):
			out.WriteRune(q)
		}
	}
	return out.String()
}

func (g *generator) source() []byte {
	groups := map[string][]rune{}
	n := 0
	for r, s := range g.skeleton {
		if s != withoutTable(r, g.skeleton) {
			groups[s] = append(groups[s], r)
			n++
		}
	}
	var skeletons []string
	for s := range groups {
		skeletons = append(skeletons, s)
	}
	slices.SortFunc(skeletons, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })

	var src bytes.Buffer
	fmt.Fprintf(&src, "// Code generated by gen_confusables.go; DO NOT EDIT.\n\n")
	fmt.Fprintf(&src, "// Derived from confusables.txt, Unicode Security Mechanisms for UTS #39, version %s.\n", g.version)
	fmt.Fprintf(&src, "// %s Licensed under the Unicode License v3\n// (SPDX-License-Identifier: Unicode-3.0); see NOTICE.\n\n", g.copyright)
	fmt.Fprintf(&src, "package policies\n\n")
	fmt.Fprintf(&src, "// confusableGroups lists %d runes by what Skeleton makes of them.\n", n)
	fmt.Fprintf(&src, "var confusableGroups = [...]struct{ skeleton, runes string }{\n")
	for _, s := range skeletons {
		rs := groups[s]
		slices.Sort(rs)
		fmt.Fprintf(&src, "\t{%s, %s},\n", strconv.QuoteToASCII(s), strconv.QuoteToASCII(string(rs)))
	}
	fmt.Fprintf(&src, "}\n")
	return src.Bytes()
}
