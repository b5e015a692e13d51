package main

import (
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/chatd/chatd/config"
)

// welcome is what a start tells the person at the terminal.
type welcome struct {
	addr     net.Addr
	settings config.Settings
	password string // made by this start; empty: none was
}

func (w welcome) print(out io.Writer) {
	url := localURL(w.addr.String())
	var b strings.Builder
	fmt.Fprintf(&b, "\nchatd %s\n\n", versionName())
	fmt.Fprintf(&b, "  Chat       %s/\n", url)
	fmt.Fprintf(&b, "  REST API   %s/api/v1 (what there is: %s/docs)\n", url, url)
	fmt.Fprintf(&b, "  Data       %s\n", w.data())
	if w.password != "" {
		fmt.Fprintf(&b, "\n  Staff account   %s\n  Password        %s\n", adminName, w.password)
		b.WriteString("  Made for this first start and shown this once: it isn't stored, only its hash is.\n")
	}
	b.WriteString("\n  Ctrl-C stops it. chatd --help lists every setting.\n\n")
	_, _ = io.WriteString(out, b.String()) // nobody is left to be told
}

func (w welcome) data() string {
	where := w.settings.DataDir + " (SQLite"
	if w.settings.DatabaseURL != "" {
		where = w.settings.DatabaseURL.String() + " (PostgreSQL"
	}
	if w.settings.Durability == "process" {
		return where + "; a stored message survives the end of the process, not of the power)"
	}
	return where + "; a stored message survives a power cut)"
}
