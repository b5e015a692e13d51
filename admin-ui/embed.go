// Package adminui holds the pages that chatd serves, as built from the source beside it:
// the chat page, its form for an iframe, the pages of the REST API, and the SDK module.
//
// It guarantees that what is embedded needs nothing from elsewhere and has no inline
// script or style, so that Policy can be strict; a test holds the build to its source.
// It leaves HTTP to others.
package adminui

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// Files returns the built pages: index.html, embed.html, docs.html, assets/ and sdk/.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("adminui: " + err.Error()) // "dist" is a valid path: Sub can't fail
	}
	return files
}

// Page says how an address of the server is answered.
type Page struct {
	Path string // as asked for: "/", "/embed", "/docs", or a folder, ending in "/"
	File string // in Files; empty where Path is a folder, which holds its own files
	// Cache is the value of Cache-Control.
	Cache string
	// Embeddable says that other sites may frame the page, where its room allows them.
	Embeddable bool
}

// The values of Page.Cache.
const (
	cacheNever   = "no-cache"                            // asked for each time: names the assets
	cacheForever = "public, max-age=31536000, immutable" // the name changes with the content
	cacheShort   = "public, max-age=300"                 // a fixed name that pages of other sites load
)

// Pages lists what Files holds for visitors.
func Pages() []Page {
	return []Page{
		{Path: "/", File: "index.html", Cache: cacheNever},
		{Path: "/embed", File: "embed.html", Cache: cacheNever, Embeddable: true},
		{Path: "/docs", File: "docs.html", Cache: cacheNever},
		{Path: "/assets/", Cache: cacheForever},
		{Path: "/sdk/", Cache: cacheShort},
	}
}

// Policy returns the Content-Security-Policy of the HTML pages. Ancestors are the origins
// that may frame the page (CSP Level 3, section 6.4.2); none: nobody may.
func Policy(ancestors ...string) string {
	frame := "'none'"
	if len(ancestors) > 0 {
		frame = strings.Join(ancestors, " ")
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors " + frame
}
