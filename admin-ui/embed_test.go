package adminui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The files that dist is built from, besides src: as in scripts/source-hash.mjs.
var sources = []string{
	"docs.html", "embed.html", "index.html", "package-lock.json", "package.json", "scripts/build.mjs",
	"tsconfig.base.json", "vite.config.ts", "vite.docs.config.ts", "vite.sdk.config.ts",
}

func TestBuildMatchesItsSource(t *testing.T) {
	built, err := fs.ReadFile(Files(), "SOURCE_HASH")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.TrimSpace(string(built)), sourceHash(t); got != want {
		t.Errorf("dist was built from %s, the source is %s: run npm ci && npm run build in admin-ui", got, want)
	}
}

func sourceHash(t *testing.T) string {
	t.Helper()
	files := slices.Clone(sources)
	err := fs.WalkDir(os.DirFS("."), "src", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	all := sha256.New()
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")))
		all.Write([]byte(hex.EncodeToString(sum[:]) + "  " + name + "\n"))
	}
	return hex.EncodeToString(all.Sum(nil))
}

func TestPagesHoldToTheirPolicy(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<style|<script(?:[^>]*)>[^<]|\son[a-z]+=|\sstyle=|javascript:`)
	address := regexp.MustCompile(`(?:src|href)="([^"]+)"`)
	for _, page := range Pages() {
		if page.File == "" {
			folder := strings.Trim(page.Path, "/")
			if entries, err := fs.ReadDir(Files(), folder); err != nil || len(entries) == 0 {
				t.Errorf("%s: %d files, error %v, want some files", page.Path, len(entries), err)
			}
			continue
		}
		html, err := fs.ReadFile(Files(), page.File)
		if err != nil {
			t.Errorf("%s: %v", page.Path, err)
			continue
		}
		if found := inline.Find(html); found != nil {
			t.Errorf("%s has inline script or style, which its policy forbids: %q", page.File, found)
		}
		for _, m := range address.FindAllSubmatch(html, -1) {
			if _, err := fs.Stat(Files(), path.Clean(string(m[1]))); err != nil {
				t.Errorf("%s names %s, which is not in the build: %v", page.File, m[1], err)
			}
		}
	}
}

func TestPolicyNamesWhoMayFrame(t *testing.T) {
	tests := map[string]struct {
		ancestors []string
		want      string
	}{
		"nobody":    {want: "frame-ancestors 'none'"},
		"some":      {ancestors: []string{"'self'", "https://shop.example"}, want: "frame-ancestors 'self' https://shop.example"},
		"same host": {ancestors: []string{"'self'"}, want: "frame-ancestors 'self'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Policy(tt.ancestors...); !strings.HasSuffix(got, "; "+tt.want) {
				t.Errorf("Policy(%q) = %q, want it to end with %q", tt.ancestors, got, tt.want)
			}
		})
	}
}
