package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/chatd/chatd/bench/load"
	"github.com/chatd/chatd/bench/proc"
)

// subjects are what can be measured. chatd-power is chatd with durability "power",
// chatd-plain its plain protocol.
var subjects = []string{"chatd", "chatd-power", "chatd-plain", "centrifuge", "melody", "gws", "bare-one", "bare-all"}

// bench knows where the programs are.
type bench struct {
	options
	chatd string // path of the program
	self  string
	dir   string // for data, removed at the end
}

// server is one of the subjects, running.
type server struct {
	*proc.Process
	name string
	data string
}

// start runs a subject with an empty store.
func (b *bench) start(ctx context.Context, name string) (*server, error) {
	s := &server{name: name}
	var cmd *exec.Cmd
	read := readPeer
	if strings.HasPrefix(name, "chatd") {
		var err error
		if s.data, err = os.MkdirTemp(b.dir, "data-"); err != nil {
			return nil, fmt.Errorf("make a data folder: %w", err)
		}
		cmd = exec.CommandContext(ctx, b.chatd)
		cmd.Env = append(slices.DeleteFunc(os.Environ(), ofChatd), chatdSettings(name, s.data)...)
		cmd.Dir = s.data
		read = readChatd
	} else {
		cmd = exec.CommandContext(ctx, b.self, "peer", name)
	}
	p, err := proc.Start(cmd, read)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s.Process = p
	return s, nil
}

func (s *server) stop() error {
	err := s.Stop()
	if s.data != "" {
		err = errors.Join(err, os.RemoveAll(s.data))
	}
	return err
}

// ofChatd tells if a variable of the environment would change what is measured.
func ofChatd(variable string) bool {
	return strings.HasPrefix(variable, "CHATD_") || strings.HasPrefix(variable, "PORT=") || strings.HasPrefix(variable, "REDIS_")
}

// chatdSettings are chatd's defaults but for its limits: all of the load comes from one
// machine, so they are high enough not to be reached. They are counted all the same.
func chatdSettings(name, data string) []string {
	durability := "process"
	if name == "chatd-power" {
		durability = "power"
	}
	const rate = "1000000/10s"
	return []string{
		"CHATD_ADDR=127.0.0.1:0", "CHATD_PROFILE_ADDR=127.0.0.1:0", "CHATD_DATA_DIR=" + data, "CHATD_DURABILITY=" + durability,
		"CHATD_ADMIN_PASSWORD=only for a measurement", "CHATD_ROOMS_MAX=1000000", "CHATD_CONNECTIONS_ADDRESS_MAX=1000000",
		"CHATD_RATE_MESSAGES_USER=" + rate, "CHATD_RATE_MESSAGES_ADDRESS=" + rate, "CHATD_RATE_ACTIONS_USER=" + rate,
		"CHATD_RATE_JOINS_ADDRESS=" + rate, "CHATD_RATE_NEW_ROOMS_ADDRESS=" + rate, "CHATD_RATE_CONNECTIONS_ADDRESS=" + rate,
	}
}

var (
	chatdAddr     = regexp.MustCompile(`^ +Chat +http://(\S+)/$`)
	chatdProfiles = regexp.MustCompile(`http://(\S+)/debug/pprof/`)
)

func readChatd(p *proc.Process, line string) bool {
	if m := chatdAddr.FindStringSubmatch(line); m != nil {
		p.Addr = m[1]
	}
	if m := chatdProfiles.FindStringSubmatch(line); m != nil {
		p.Profiles = m[1]
	}
	return p.Addr != "" && p.Profiles != ""
}

func readPeer(p *proc.Process, line string) bool {
	addr, profiles, ok := strings.Cut(line, " ")
	p.Addr, p.Profiles = addr, profiles
	return ok
}

func protocolOf(subject string) load.Protocol {
	switch subject {
	case "chatd", "chatd-power":
		return load.V1{}
	case "centrifuge":
		return load.Centrifuge{}
	}
	return load.Plain{}
}
