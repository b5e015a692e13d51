package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal begins an orderly stop; from then on signals do what they do by
	// default, so that a second one ends the program at once.
	context.AfterFunc(ctx, stop)

	err := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "chatd:", err)
	os.Exit(1) //nolint:gocritic // stop has nothing to do in a process that ends
}
