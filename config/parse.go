package config

import (
	"io"
	"strings"
	"time"
)

// The commands. CommandHelp stands for --help, which Parse has printed.
const (
	CommandServe         = "serve"
	CommandConfig        = "config"
	CommandVersion       = "version"
	CommandToken         = "token"
	CommandHealthcheck   = "healthcheck"
	CommandNewEpoch      = "new-epoch"
	CommandResetPassword = "reset-password"
	CommandHelp          = "help"
)

// Invocation is what a command line asks for.
type Invocation struct {
	Command  string
	Settings Settings
	Sources  map[string]Source // of every setting, by its flag's name
	Warnings []string

	Show          Show          // of CommandConfig
	Token         Token         // of CommandToken
	Healthcheck   Healthcheck   // of CommandHealthcheck
	ResetPassword ResetPassword // of CommandResetPassword
	// Run runs one of the Commands that were given to Parse; nil for chatd's own. Its values are handed to the Run method
	// that was asked for.
	Run func(values ...any) error
}

// Command is a command whose grammar stands elsewhere: a struct with kong's tags and Run methods.
type Command struct {
	Name, Help string
	Grammar    any // a pointer to a struct
}

// Show is what chatd config prints.
type Show struct {
	Format string `name:"format" enum:"table,yaml" default:"table" help:"table, or yaml to save as chatd.yaml."`
}

// Token is what chatd token makes.
type Token struct {
	Sub   string        `name:"sub" required:"" placeholder:"ID" help:"The user's id at your site."`
	Name  string        `name:"name" placeholder:"NAME" help:"What others see; without it, the id."`
	Rooms []string      `name:"rooms" placeholder:"ROOM" help:"Rooms or patterns of rooms; without it, every open room."`
	Role  string        `name:"role" enum:"user,vip,moderator" default:"user" help:"user, vip or moderator."`
	TTL   time.Duration `name:"ttl" default:"1h" help:"How long it holds."`
}

// Healthcheck asks a running server whether it is able to serve.
type Healthcheck struct {
	URL     string        `name:"url" placeholder:"URL" help:"Address to ask; without it, /readyz on this machine at the port of --addr."`
	Timeout time.Duration `name:"timeout" default:"3s" help:"How long to wait for an answer."`
}

// ResetPassword gives a staff account a new password.
type ResetPassword struct {
	Name string `arg:"" default:"admin" help:"The account."`
}

// cli is the grammar of the command line.
type cli struct {
	Settings

	Serve         struct{}      `cmd:"" default:"1" help:"Run the server; this is what chatd does without a command."`
	Config        Show          `cmd:"" help:"Print every setting, its value and where it comes from; secrets stay hidden."`
	Version       struct{}      `cmd:"" help:"Print the version."`
	Token         Token         `cmd:"" help:"Print a token for a user, signed with jwt-secret, and the lines that embed the chat with it."`
	Healthcheck   Healthcheck   `cmd:"" help:"Ask the server on this machine whether it is able to serve; for containers."`
	NewEpoch      struct{}      `cmd:"" help:"Have every reader start afresh: after a restore that chatd can't notice (docs/operations.md). The server must be stopped."`
	ResetPassword ResetPassword `cmd:"" help:"Give a staff account a new password, printed once, and take its second factor away. The server must be stopped."`

	PrintVersion bool `name:"version" help:"Print the version."`
}

const description = `chatd serves chat rooms over WebSocket, a chat page and a REST API.

It starts with nothing configured. Every setting can stand in three places, the first of which counts: a flag (--edit-window=5m), the environment (CHATD_EDIT_WINDOW=5m), and chatd.yaml (edit_window: 5m).`

// Parse reads a command line without the program's name, and an environment as
// os.Environ returns it. It reads the configuration file, prints help to stdout where
// that is asked for, and touches nothing else of the process.
//
// The error is a Problems, or a usage error of the command line. An Invocation comes
// with Problems too, holding what could be read.
func Parse(args, environ []string, stdout io.Writer, more ...Command) (*Invocation, error) {
	p := newParser(environ)
	var c cli
	grammar, err := p.grammar(&c, stdout, more)
	if err != nil {
		return nil, err
	}
	ctx, err := grammar.Parse(args)
	if p.helped {
		return &Invocation{Command: CommandHelp}, nil
	}
	inv := &Invocation{Settings: c.Settings, Sources: p.sources, Show: c.Config, Token: c.Token, Healthcheck: c.Healthcheck, ResetPassword: c.ResetPassword}
	if err != nil {
		return inv, p.usage(err)
	}
	inv.Command = strings.Fields(ctx.Command())[0]
	if c.PrintVersion {
		inv.Command = CommandVersion
	}
	for _, m := range more {
		if m.Name == inv.Command {
			inv.Run = ctx.Run
		}
	}
	inv.Warnings = p.unknownVariables()
	if inv.Command == CommandVersion {
		return inv, nil // never refused: it is what a report about the rest begins with
	}
	wrong, warnings := inv.Settings.together(func(name string) Source { return p.sources[name] })
	inv.Warnings = append(inv.Warnings, warnings...)
	p.wrong = append(p.wrong, wrong...)
	if len(p.wrong) > 0 {
		return inv, p.wrong
	}
	return inv, nil
}

// parser collects what kong reads. It is kong's mapper for every setting, so that a wrong
// value is noted and doesn't end the reading, and its resolver for environment and file.
type parser struct {
	settings map[string]setting
	env      map[string]string
	file     map[string]entry
	fileName string
	read     bool // whether the file has been
	resets   bool // kong has read the arguments and sets the defaults
	sources  map[string]Source
	noted    map[string]bool // settings with a problem
	wrong    Problems
	helped   bool
}

func newParser(environ []string) *parser {
	p := &parser{
		settings: map[string]setting{}, env: map[string]string{}, sources: map[string]Source{}, noted: map[string]bool{},
	}
	for _, s := range schema() {
		p.settings[s.name] = s
		p.sources[s.name] = Source{Kind: FromDefault}
	}
	for _, kv := range environ {
		// An empty variable counts as unset: that is what compose files leave behind.
		if name, value, _ := strings.Cut(kv, "="); value != "" {
			p.env[name] = value
		}
	}
	return p
}
