package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	adminui "github.com/chatd/chatd/admin-ui"
	"github.com/chatd/chatd/chat"
)

// asset is one built file. It is compressed when it is first asked for, and then once: what nobody asks for costs no start.
type asset struct {
	contentType string
	forms       func() (plain, small encoded) // small has no body where it isn't much smaller
}

type encoded struct {
	body []byte
	etag string
}

func newEncoded(body []byte) encoded {
	sum := sha256.Sum256(body)
	return encoded{body: body, etag: `"` + hex.EncodeToString(sum[:16]) + `"`}
}

// readAssets reads everything.
func readAssets(files fs.FS) (map[string]*asset, error) {
	assets := make(map[string]*asset)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		assets[name] = &asset{contentType: contentType(name), forms: sync.OnceValues(func() (plain, small encoded) { return formsOf(body) })}
		return nil
	})
	return assets, err
}

func formsOf(body []byte) (plain, small encoded) {
	plain = newEncoded(body)
	if c, err := compress(body); err == nil && len(c) < len(body)*9/10 { // it goes without, too
		small = newEncoded(c)
	}
	return plain, small
}

// contentType doesn't ask the machine for what browsers insist on.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

func compress(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// page serves one of the addresses that adminui names.
func (s *server) page(p adminui.Page) echo.HandlerFunc {
	return func(c echo.Context) error {
		name := p.File
		if name == "" {
			name = strings.TrimPrefix(p.Path, "/") + c.Param("*")
		}
		a, ok := s.pages[name]
		if !ok {
			return echo.ErrNotFound
		}
		h := c.Response().Header()
		h.Set("Cache-Control", p.Cache)
		switch {
		case p.Embeddable:
			h.Set("Content-Security-Policy", adminui.Policy(s.ancestors(c)...))
			h.Del("Cross-Origin-Opener-Policy")
		case p.File != "":
			h.Set("Content-Security-Policy", adminui.Policy())
		case p.Path == "/sdk/":
			// A module without credentials, for the pages of any site.
			h.Set("Access-Control-Allow-Origin", "*")
			h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
		a.serve(c.Response(), c.Request())
		return nil
	}
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	e, small := a.forms()
	h.Set("Content-Type", a.contentType)
	if small.body != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			e = small
		}
	}
	h.Set("ETag", e.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(e.body))
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3) as far as browsers use it.
func acceptsGzip(r *http.Request) bool {
	for _, accept := range r.Header.Values("Accept-Encoding") {
		for coding := range strings.SplitSeq(accept, ",") {
			name, weight, _ := strings.Cut(strings.TrimSpace(coding), ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				q := strings.TrimPrefix(strings.TrimSpace(weight), "q=")
				return strings.Trim(q, "0.") != "" || q == ""
			}
		}
	}
	return false
}

// ancestors are the origins that may frame the room that a request names: those that its
// settings allow, else the server's own.
func (s *server) ancestors(c echo.Context) []string {
	own := []string{"'self'"}
	room, err := chat.ParseRoomID(c.QueryParam("room"))
	if err != nil {
		return own
	}
	// Not Chat.Room: it remembers what it was asked for, and this asks whoever likes.
	snap, err := s.Chat.Log.Snapshot(c.Request().Context(), room, chat.SnapshotQuery{})
	if err != nil {
		s.logFailure(c.Request().Context(), fmt.Errorf("read room of a frame: %w", err))
		return own
	}
	return append(own, snap.Room.Settings.AllowedSites...)
}
