package remote

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chatd/chatd/client/rest"
)

// result prints what an act came to. Where some of many failed the command fails.
func (s *Session) result(g Server, body []byte) error {
	var r rest.ActResult
	if err := json.Unmarshal(body, &r); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	var err error
	if g.JSON {
		err = s.raw(body)
	} else {
		_, err = s.Stdout.Write([]byte(describe(r)))
	}
	if err == nil && r.Failed != nil && len(*r.Failed) > 0 {
		err = fmt.Errorf("%d could not be done", len(*r.Failed))
	}
	return err
}

// act does one act and prints what it came to.
func (s *Session) act(g Server, do func(*rest.ClientWithResponses) ([]byte, error)) error {
	c, err := s.client(g)
	if err != nil {
		return err
	}
	body, err := do(c)
	if err != nil {
		return err
	}
	return s.result(g, body)
}

// describe tells an act's result in words, a line for each thing.
func describe(r rest.ActResult) string {
	var b strings.Builder
	if r.DryRun {
		fmt.Fprintln(&b, "Nothing was changed. It would hit:")
	}
	i := r.Impact
	fmt.Fprintf(&b, "%d users (%d signed in, %d guests) with %d open connections, %d messages, in %d rooms\n",
		i.Users, i.SignedIn, i.Guests, i.Sessions, i.Messages, i.Rooms)
	for _, w := range i.Warnings {
		fmt.Fprintf(&b, "warning %s: %s\n", w.Code, printable(w.Message))
	}
	if r.Sanctions != nil {
		for _, x := range *r.Sanctions {
			fmt.Fprintf(&b, "%s %s of %s in %s, until %s\n", x.ID, x.Effect, printable(target(x.Target)), scope(x.Scope), when(x.ExpiresAt, "lifted"))
		}
	}
	for _, x := range r.Skipped {
		fmt.Fprintf(&b, "left alone: %s %s: %s\n", x.What, printable(x.ID), printable(x.Message))
	}
	if r.Failed != nil {
		for _, x := range *r.Failed {
			fmt.Fprintf(&b, "failed: %s: %s\n", printable(x.ID), printable(x.Message))
		}
	}
	if r.Act != nil {
		fmt.Fprintf(&b, "act %s (take it back: chatd acts undo %s)\n", r.Act.ID, r.Act.ID)
	}
	return b.String()
}

// target is a sanction's target in one word.
func target(t rest.Target) string {
	word := ""
	switch {
	case t.User != nil:
		word = *t.User
	case t.Address != nil:
		word = *t.Address
	case t.AddressHash != nil:
		word = *t.AddressHash
	}
	if t.Only != rest.OnlyAll {
		word += " (" + string(t.Only) + ")"
	}
	return word
}

func scope(room *string) string {
	if room == nil {
		return "all rooms"
	}
	return *room
}
