package config

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/alecthomas/kong"
)

// grammar builds kong's model with p as the mapper of every setting and as the resolver.
func (p *parser) grammar(c *cli, stdout io.Writer, more []Command) (*kong.Kong, error) {
	titles := make([]kong.Group, len(groups))
	for i, g := range groups {
		titles[i] = kong.Group{Key: g[0], Title: g[1] + ":"}
	}
	options := []kong.Option{
		kong.Name("chatd"), kong.Description(description), kong.Writers(stdout, stdout),
		kong.Exit(func(int) { p.helped = true }), kong.Resolvers(p), kong.ExplicitGroups(titles),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}), kong.Help(printHelp),
		kong.WithBeforeReset(func() error { p.resets = true; return nil }),
	}
	for _, m := range more {
		options = append(options, kong.DynamicCommand(m.Name, m.Help, "", m.Grammar))
	}
	// By value and not by type: the commands' own flags are kong's business.
	for _, s := range p.settings {
		options = append(options, kong.ValueMapper(s.value(&c.Settings).Addr().Interface(), p))
	}
	return kong.New(c, options...)
}

// printHelp leaves the settings out of the help of commands that have little use for them.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	selected := ctx.Selected()
	if selected != nil && selected.Name != CommandServe && selected.Name != CommandConfig {
		for _, f := range ctx.Model.Flags {
			f.Hidden = f.Hidden || f.Group != nil
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

// Decode implements kong.Mapper. Kong calls it for arguments, then for defaults, then for
// what Resolve returns.
func (p *parser) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	tok, err := ctx.Scan.PopValue("value")
	if err != nil {
		return err
	}
	s, text := p.settings[ctx.Value.Name], fmt.Sprint(tok.Value)
	if !p.resets {
		p.sources[s.name] = Source{FromFlag, "--" + s.name}
		if s.name == "config-file" {
			p.fileName = text
		}
	}
	p.decode(s, target, text)
	return nil
}

// decode reads a value and notes what is wrong with it.
func (p *parser) decode(s setting, target reflect.Value, text string) {
	err := decode(target, s.tag, text)
	if err == nil || p.noted[s.name] {
		return
	}
	p.noted[s.name] = true
	switch target.Interface().(type) {
	case Secret:
		text = hidden
	case SecretURL:
		text = SecretURL(text).String()
	}
	p.wrong = append(p.wrong, Problem{Setting: s.name, Source: p.sources[s.name], Value: text, Allowed: err.Error()})
}

// Validate implements kong.Resolver.
func (p *parser) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver: the environment, then the file. Kong doesn't ask for
// what stands on the command line.
func (p *parser) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	s, ok := p.settings[flag.Name]
	if !ok {
		return nil, nil //nolint:nilnil // kong's way of saying "not here"
	}
	p.readFile()
	text, source, ok := p.look(s)
	if !ok {
		return nil, nil //nolint:nilnil // as above
	}
	p.sources[s.name] = source
	return text, nil
}

// look finds a setting outside the command line.
func (p *parser) look(s setting) (string, Source, bool) {
	if text, ok := p.env[s.env]; ok {
		return text, Source{FromEnv, s.env}, true
	}
	if port, ok := p.env["PORT"]; ok && s.name == "addr" {
		return ":" + port, Source{FromEnv, "PORT"}, true
	}
	if host, ok := p.env["REDIS_HOST"]; ok && s.name == "redis-url" {
		port := p.env["REDIS_PORT"]
		if port == "" {
			port = "6379"
		}
		return "redis://" + host + ":" + port, Source{FromEnv, "REDIS_HOST"}, true
	}
	if e, ok := p.file[s.key]; ok && s.key != "" {
		return e.text, fileSource(p.fileName, e.line), true
	}
	return "", Source{}, false
}

func (p *parser) readFile() {
	if p.read {
		return
	}
	p.read = true
	if p.fileName == "" {
		p.fileName = p.env["CHATD_CONFIG_FILE"]
	}
	asked := p.fileName != ""
	if !asked {
		p.fileName = DefaultFile
	}
	var wrong Problems
	p.file, wrong = readFile(p.fileName, asked)
	p.wrong = append(p.wrong, wrong...)
}

// usage returns a usage error of the command line, and with it what else is wrong.
func (p *parser) usage(err error) error {
	if !p.read { // kong gave up before it asked
		p.readFile()
		var scratch Settings
		for _, s := range schema() {
			if text, source, ok := p.look(s); ok && p.sources[s.name].Kind == FromDefault {
				p.sources[s.name] = source
				p.decode(s, s.value(&scratch), text)
			}
		}
	}
	return append(slices.Clone(p.wrong), Problem{Message: "command line: " + err.Error() + " (chatd --help lists what there is)"})
}

// unknownVariables warns of variables that look like settings and are none.
func (p *parser) unknownVariables() []string {
	known := []string{"CHATD_URL"} // where commands that are clients find their server
	for _, s := range p.settings {
		known = append(known, s.env)
	}
	sort.Strings(known)
	var warnings []string
	for name := range p.env {
		if strings.HasPrefix(name, "CHATD_") && !slices.Contains(known, name) {
			warnings = append(warnings, fmt.Sprintf("the environment variable %s is no setting and has no effect%s", name, didYouMean(name, known)))
		}
	}
	sort.Strings(warnings)
	return warnings
}
