package remote

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/chatd/chatd/client/rest"
)

// API sends one request, whatever the API has.
type API struct {
	URL    string   `name:"url" env:"CHATD_URL" placeholder:"URL" help:"The server, like https://chat.example.org; without it, this machine at the port of --addr."`
	Method string   `arg:"" help:"GET, POST, PUT, PATCH or DELETE."`
	Path   string   `arg:"" help:"The path below /api/v1, with its query: /rooms?limit=10."`
	Data   string   `name:"data" short:"d" placeholder:"JSON" help:"The body; @FILE reads a file, - standard input."`
	Header []string `name:"header" short:"H" sep:"none" placeholder:"NAME: VALUE" help:"One more header."`
}

// maxBody bounds a body that is sent, in bytes: more than the server takes.
const maxBody = 1 << 20

// Run implements chatd api.
func (a *API) Run(s *Session) error {
	address := a.URL
	if address == "" {
		address = s.Address
	}
	c, err := rest.New(address, rest.Options{Key: s.Key, Agent: "chatd-cli"}) // without a key, too: some operations need none
	if err != nil {
		return err
	}
	r, err := a.request(s, c)
	if err != nil {
		return err
	}
	inner := c.ClientInterface.(*rest.Client) //nolint:forcetypeassert // New makes it so
	for _, edit := range inner.RequestEditors {
		if err := edit(s.Context, r); err != nil {
			return err
		}
	}
	res, err := inner.Client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if media := res.Header.Get("Content-Type"); !strings.HasPrefix(media, "application/json") {
		_, err = io.Copy(s.Stdout, res.Body)
		return err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	return s.raw(body)
}

func (a *API) request(s *Session, c *rest.ClientWithResponses) (*http.Request, error) {
	inner := c.ClientInterface.(*rest.Client) //nolint:forcetypeassert // New makes it so
	base, err := url.Parse(inner.Server)
	if err != nil {
		return nil, err
	}
	path := strings.TrimPrefix(strings.TrimPrefix(a.Path, "/api/v1"), "/")
	at, err := url.Parse(path)
	if err != nil || at.IsAbs() || at.Host != "" {
		return nil, fmt.Errorf("path %q: must be one below /api/v1, like /rooms?limit=10", a.Path)
	}
	body, err := a.body(s)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(s.Context, strings.ToUpper(a.Method), base.ResolveReference(at).String(), body)
	if err != nil {
		return nil, err
	}
	if a.Data != "" {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Body, r.GetBody = nil, nil
	}
	for _, h := range a.Header {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, fmt.Errorf("header %q: must be NAME: VALUE", h)
		}
		r.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return r, nil
}

// body reads what --data says.
func (a *API) body(s *Session) (*bytes.Reader, error) {
	from := io.Reader(strings.NewReader(a.Data))
	switch name, file := strings.CutPrefix(a.Data, "@"); {
	case a.Data == "-":
		from = s.Stdin
	case file:
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxBody {
		return nil, fmt.Errorf("the body has more than %d bytes", maxBody)
	}
	return bytes.NewReader(text), nil
}
