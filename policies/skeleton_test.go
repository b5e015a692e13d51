package policies_test

import (
	"slices"
	"testing"

	"github.com/chatd/chatd/policies"
	"pgregory.net/rapid"
)

func TestNamesThatLookAlike(t *testing.T) {
	tests := map[string][]string{
		"Ann":   {"ann", "ANN", "Аnn", "Ａnn", "A n n", "A.n-n", "Ánn", "A\u200bnn", "𝓐𝓷𝓷", "ᴀɴɴ", "Ⓐⓝⓝ", "🅰nn", "Αnn", "_Ann_"},
		"admin": {"аdmіn", "ADMIN", "adm1n", "admln", "adrnin", "АDМІN", "аԁmin", "ad min", "admın", "âdmïn"},
		"moderator": {
			"mоdеrаtоr", "m0derat0r", "MODERATOR", "rnoderator", "ｍｏｄｅｒａｔｏｒ", "ⓜⓞⓓⓔⓡⓐⓣⓞⓡ",
		},
		"paypal":        {"рауpal", "раураl", "paypaI", "paypa1", "PаyРаl"},
		"Bjørn":         {"Bjorn", "BJØRN"},
		"Наташа":        {"НАТАША", "наташа", "Hаташа"},
		"вова":          {"Вова", "BOBA"},
		"Νίκος":         {"ΝΊΚΟΣ", "Νικος"},
		"Βάσω":          {"ΒΆΣΩ", "βασω"},
		"Straße":        {"STRASSE", "strasse"},
		"ﾀﾅｶ":           {"タナカ"},
		"user 10":       {"userlO", "User 1O"},
		"ann\U0001F525": {"Аnn \U0001F525"},
	}
	for name, alike := range tests {
		t.Run(name, func(t *testing.T) {
			want := policies.Skeleton(name)
			for _, other := range alike {
				if got := policies.Skeleton(other); got != want {
					t.Errorf("Skeleton(%q): got %q, want %q as of %q", other, got, want, name)
				}
			}
		})
	}
}

func TestNamesThatDiffer(t *testing.T) {
	names := []string{
		"Ann", "Anna", "Nan", "Bob", "田中", "田村", "각", "가", "か", "が", "محمد", "محمود", "יוסי", "וסי",
		"נ", "?!", "…", "🔥", "❤", "Жанна", "Зоя", "user2", "user3", "๑", "१",
	}
	seen := map[string]string{}
	for _, name := range names {
		s := policies.Skeleton(name)
		if s == "" {
			t.Errorf("Skeleton(%q): got nothing, want something to compare", name)
		}
		if other, taken := seen[s]; taken {
			t.Errorf("Skeleton(%q): got %q, as of %q; want another", name, s, other)
		}
		seen[s] = name
	}
}

func TestSkeletonIsItsOwn(t *testing.T) {
	// Two presentation forms in which the standard and NFKC go different ways.
	odd := []rune{'\uFB1D', '\uFE58'}
	for r := rune(1); r < 0x20000; r++ {
		if r >= 0xD800 && r < 0xE000 || slices.Contains(odd, r) {
			continue
		}
		if s := policies.Skeleton(string(r)); policies.Skeleton(s) != s {
			t.Errorf("Skeleton(%U): got %q, and of that %q", r, s, policies.Skeleton(s))
		}
	}
}

func TestSkeletonHoldsForAnyInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		want := policies.Skeleton("a" + name)
		if got := policies.Skeleton(" A\u200b" + name + "\u2060"); got != want {
			t.Errorf("Skeleton of %q, disguised: got %q, want %q", name, got, want)
		}
	})
}
