package api

import (
	"context"
	"slices"
	"time"

	"github.com/chatd/chatd/chat"
)

// toActResult says what an act came to, or would, as far as who asked may know. Without anything done there is no act.
func (h *handler) toActResult(ctx context.Context, out chat.Outcome) ActResult {
	r := ActResult{DryRun: out.DryRun, Impact: toImpact(out.Impact), Skipped: []Skipped{}}
	if !out.DryRun && out.Act.ID != "" {
		a := toAct(out.Act)
		r.Act = &a
	}
	for _, s := range out.Skipped {
		r.Skipped = append(r.Skipped, Skipped{
			What: s.What, ID: s.Subject, Room: orNull(s.Room), Code: s.Code, Message: s.Message,
		})
	}
	r.Failed = someOf(out.Failed, toFailure)
	now, by := h.chat.Now(), callerOf(ctx).actor
	r.Sanctions = someOf(slices.Concat(out.Sanctions, out.Lifted), func(x chat.Sanction) Sanction {
		return toSanction(h.chat.SanctionFor(by, x), now)
	})
	r.Lockdowns = someOf(slices.Concat(out.Lockdowns, out.Unlocked), toLockdown)
	return r
}

// listed adds to the result of an act on a list the ids that it was done to: those that didn't fail.
func listed[ID ~string](r ActResult, asked []ID) ActResult {
	failed := make(map[string]bool)
	if r.Failed == nil {
		r.Failed = &[]Failure{}
	}
	for _, f := range *r.Failed {
		failed[f.ID] = true
	}
	done := []string{}
	for _, id := range asked {
		if !failed[string(id)] {
			done = append(done, string(id))
			failed[string(id)] = true // once
		}
	}
	r.Succeeded = &done
	return r
}

func toImpact(i chat.Impact) Impact {
	out := Impact{
		Sessions: i.Sessions, Users: i.Users, Guests: i.Guests, SignedIn: i.SignedIn, Staff: i.Staff,
		Moderators: i.Moderators, Messages: i.Messages, Rooms: i.Rooms, Sample: []UserRef{}, Warnings: []Warning{},
	}
	for _, m := range i.Sample {
		out.Sample = append(out.Sample, UserRef{ID: string(m.ID), Name: m.Name})
	}
	for _, w := range i.Warnings {
		out.Warnings = append(out.Warnings, Warning{Code: w.Code, Message: w.Message})
	}
	return out
}

func toFailure(f chat.Failure) Failure {
	return Failure{ID: f.ID, Code: f.Why.Code, Message: f.Why.Message}
}

// each applies f to all.
func each[A, B any](all []A, f func(A) B) []B {
	out := make([]B, len(all))
	for i, a := range all {
		out[i] = f(a)
	}
	return out
}

// someOf is each; nil where there is nothing.
func someOf[A, B any](all []A, f func(A) B) *[]B {
	if len(all) == 0 {
		return nil
	}
	out := each(all, f)
	return &out
}

// orNull is nil for the empty string.
func orNull[S ~string](s S) *string {
	if s == "" {
		return nil
	}
	out := string(s)
	return &out
}

// texts makes strings of ids; never nil.
func texts[S ~string](ids []S) []string { return each(ids, func(s S) string { return string(s) }) }

// value is the zero value for nil.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// optional is nil for the zero time.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func wholeSeconds(d time.Duration) int64 { return int64(d / time.Second) }

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
