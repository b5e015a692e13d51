// Command errorcodes keeps docs/errors.md: it finds every refusal in the source and
// writes its code, kind and sentence; what to do about it is written by hand and kept.
//
//go:generate go run .
package main

import (
	"fmt"
	"os"
)

const (
	root = "../.."
	page = root + "/docs/errors.md"
)

// dirs are the packages that refuse.
var dirs = []string{"chat", "access", "broker", "store", "ws", "api"}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "errorcodes:", err)
		os.Exit(1)
	}
}

func run() error {
	codes, err := collect(os.DirFS(root), dirs...)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	fresh, err := rewrite(string(old), codes)
	if err != nil {
		return err
	}
	return os.WriteFile(page, []byte(fresh), 0o644)
}
