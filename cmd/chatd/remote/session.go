package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/chatd/chatd/client/rest"
)

// Session is what a command works with.
type Session struct {
	Context context.Context //nolint:containedctx // kong hands commands one value; it ends with the command
	// Address is the server's, where the command line names none.
	Address string
	Key     string
	Stdin   io.Reader
	Stdout  io.Writer
	Now     func() time.Time
}

// Server is where a command sends its requests; part of each group of commands.
type Server struct {
	URL  string `name:"url" env:"CHATD_URL" placeholder:"URL" help:"The server, like https://chat.example.org; without it, this machine at the port of --addr."`
	JSON bool   `name:"json" help:"Print what the server said, as JSON."`
}

var errNoKey = errors.New("no API key: set CHATD_API_KEY, or api_key in chatd.yaml (chatd keys make makes one; docs/api.md)")

// client makes the client of a command.
func (s *Session) client(g Server) (*rest.ClientWithResponses, error) {
	if s.Key == "" {
		return nil, errNoKey
	}
	address := g.URL
	if address == "" {
		address = s.Address
	}
	return rest.New(address, rest.Options{Key: s.Key, Agent: "chatd-cli"})
}

// Act is how acting commands are asked to act.
type Act struct {
	Why    string `name:"why" placeholder:"TEXT" help:"The reason, for the record of acts."`
	DryRun bool   `name:"dry-run" help:"Change nothing: tell what would happen."`
}

func (a Act) dryRun() *rest.DryRun { return optional(a.DryRun) }

// reason is how a header carries UTF-8.
func (a Act) reason() *rest.Reason { return optional(url.PathEscape(a.Why)) }

// optional is nil for the zero value: the request leaves it out.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// raw prints an answer as the server said it, over several lines.
func (s *Session) raw(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		_, err := s.Stdout.Write(body)
		return err
	}
	e := json.NewEncoder(s.Stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table prints rows under a head; every cell is one line of printable text.
func (s *Session) table(head []string, rows [][]string) error {
	w := tabwriter.NewWriter(s.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(head, "\t"))
	for _, r := range rows {
		for i := range r {
			r[i] = printable(r[i])
		}
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	return w.Flush()
}

// printable keeps what others wrote from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, text)
}

// when prints a time; nil is what word says.
func when(t *time.Time, word string) string {
	if t == nil {
		return word
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// seconds is how the API takes a duration.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }
