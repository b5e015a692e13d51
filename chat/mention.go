package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of looking for mentions in one message.
const (
	maxMentions       = 10
	maxMentionMembers = 2000
)

// mentions finds whom a text names with @: members who are present, by the longest name
// that fits (names may hold spaces), else signed-in users by a name of one word.
func (s *Service) mentions(ctx context.Context, room RoomID, text string) ([]UserID, error) {
	after := afterAt(text)
	if len(after) == 0 {
		return nil, nil
	}
	members, _, err := s.Presence.Members(ctx, room, maxMentionMembers)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	var found []UserID
	for _, rest := range after {
		id, ok := memberNamed(members, rest)
		if !ok {
			word := firstWord(rest)
			if word == "" {
				continue
			}
			skeleton := Skeleton(word)
			named, err := s.Directory.UsersBySkeleton(ctx, []string{skeleton})
			if err != nil {
				return nil, fmt.Errorf("find mentioned user: %w", err)
			}
			id, ok = named[skeleton]
		}
		if ok && !slices.Contains(found, id) {
			found = append(found, id)
		}
	}
	return found, nil
}

// afterAt returns what follows each @ that starts a word, the first maxMentions of them.
func afterAt(text string) []string {
	if strings.IndexByte(text, '@') < 0 {
		return nil
	}
	var rests []string
	prev := ' '
	for i, r := range text {
		if r == '@' && !unicode.IsLetter(prev) && !unicode.IsDigit(prev) && len(rests) < maxMentions {
			rests = append(rests, text[i+1:])
		}
		prev = r
	}
	return rests
}

func memberNamed(members []Member, rest string) (UserID, bool) {
	longest := 0
	var id UserID
	for _, m := range members {
		if len(m.Name) > longest && startsWithName(rest, m.Name) {
			longest, id = len(m.Name), m.ID
		}
	}
	return id, longest > 0
}

// startsWithName reports whether rest begins with name, in any case, and the name ends there.
func startsWithName(rest, name string) bool {
	n := 0
	for range utf8.RuneCountInString(name) {
		_, size := utf8.DecodeRuneInString(rest[n:])
		if size == 0 {
			return false
		}
		n += size
	}
	if !strings.EqualFold(rest[:n], name) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(rest[n:])
	return n == len(rest) || !unicode.IsLetter(next) && !unicode.IsDigit(next)
}

func firstWord(rest string) string {
	end := strings.IndexFunc(rest, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-'
	})
	if end < 0 {
		end = len(rest)
	}
	if end > MaxName*utf8.UTFMax {
		return ""
	}
	return rest[:end]
}
