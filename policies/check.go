package policies

import "slices"

// Action is what a rule asks for.
type Action string

// Reject refuses the text. It is the only action of this version.
const Reject Action = "reject"

// Input is what Check judges.
type Input struct {
	// Views are the forms of one text that somebody reads: as typed, as plain text, as
	// rendered. A term in any of them is a hit.
	Views []string
	// Room is where it is said. The policies of this version hold in every room that chose none.
	Room string
	// Policy is the one that the room chose; empty, or one that isn't there (any more): all of them.
	Policy string
}

// Verdict is what the policies say about a text. The zero Verdict has no objection.
type Verdict struct {
	Action  Action // empty: no rule applies
	Policy  string // its file's name without the extension
	Version string // of that file: a hash of its content
	Rule    string // the rule's id
	Term    string // as the file writes it
	View    int    // index into Input.Views
	Span    [2]int // what the term matched, in bytes of that view
}

// Rejects reports whether the text must not be posted.
func (v Verdict) Rejects() bool { return v.Action == Reject }

// Set is the policies of one folder, compiled. It is immutable.
type Set struct {
	version string
	names   []string
	finder  finder            // of all policies
	own     map[string]finder // of each policy alone, by its name
}

// finder finds the first thing in a view that a rule objects to. It is the seam where
// an engine that sees through disguises takes the place of words.
type finder interface {
	// find reports false where nothing objects. The verdict's View is the caller's to set.
	find(view string) (Verdict, bool)
}

// Version is a hash of the content of all files; equal folders have equal versions.
func (s *Set) Version() string { return s.version }

// Names are the names of the policies, in order.
func (s *Set) Names() []string { return slices.Clone(s.names) }

// Check judges a text by every view of it. The first view with a hit decides.
func (s *Set) Check(in Input) Verdict {
	f, ok := s.own[in.Policy]
	if !ok {
		f = s.finder
	}
	for i, view := range in.Views {
		if slices.Contains(in.Views[:i], view) {
			continue // most texts read the same in every view
		}
		if v, hit := f.find(view); hit {
			v.View = i
			return v
		}
	}
	return Verdict{}
}
