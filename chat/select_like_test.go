package chat

import (
	"fmt"
	"strings"
	"testing"
)

func TestNamesThatAreAlike(t *testing.T) {
	tests := map[string]struct {
		name string
		yes  []string
		no   []string
	}{
		"a raider": {
			name: "Raider 4821",
			yes: []string{
				"Raider 1", "raider_77", "ra1der_77", "R A I D E R", "Rаider 5", "raider", "Raiders", "xX_Raider_Xx", "r4ider99",
				"RaiderAlice", "９９raider", "Râider", "Raid3r", "R41der-2024",
			},
			no: []string{"Rider", "Trader", "Ralph", "Reader", "Aider", "Ann", "4821", "Guest 4821", "R", "ride", "raid"},
		},
		"a short name": {
			name: "Ann",
			yes:  []string{"ann", "ANN_7", "A.n.n"},
			no:   []string{"Anna", "Anne", "Hannah", "Dan", "An", "Joann"},
		},
		"numbers alone":      {name: "4821", yes: []string{"4821", "4 8 2 1"}, no: []string{"4822", "Raider 4821", "482"}},
		"another script":     {name: "Рейдер 12", yes: []string{"рейдер", "Рейдер_9"}, no: []string{"Лидер", "Андрей", "Raider"}},
		"characters":         {name: "攻击者01", yes: []string{"攻击者77"}, no: []string{"管理员", "攻城", "訪客"}},
		"a name of one sign": {name: "X", yes: []string{"x9"}, no: []string{"Xaver", "Y"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			like := newNameLike(tt.name)
			for _, n := range tt.yes {
				if !like.like(n) {
					t.Errorf("%q isn't like %q (%q, %q)", n, tt.name, nameForm(n), like.form)
				}
			}
			for _, n := range tt.no {
				if like.like(n) {
					t.Errorf("%q is like %q (%q, %q)", n, tt.name, nameForm(n), like.form)
				}
			}
		})
	}
}

func TestTextsThatAreAlike(t *testing.T) {
	tests := map[string]struct {
		text string
		yes  []string
		no   []string
	}{
		"an advertisement": {
			text: "Free coins at https://scam.example/4821 join now my friends",
			yes: []string{
				"FREE COINS at http://other.example/x join now my friends!!",
				"free c0ins at scam.example/99 join now my fr1ends",
				"Frее соins at www.bad.example jоin now my friends", // Cyrillic letters
				"free coins here join now my dear friends",
				"f r e e coins at join now my friends",
				"7777 free coins at join now my friends 8888",
			},
			no: []string{
				"Does anybody know where to join the meeting now?", "My friends and I are at the park", "hello", "coins",
				"https://scam.example/4821", "I have lost my coins, is there a place to report that to the staff?", "",
			},
		},
		"few words": {
			text: "go home",
			yes:  []string{"GO HOME!!!", "g0 h0me", "go home 123"},
			no:   []string{"go", "home", "home alone", "I go there", "let us go home together now"},
		},
		"without spaces": {
			text: "免费金币加入我们的群",
			yes:  []string{"免费金币加入我们的群99", "免费金币，加入我们群"},
			no:   []string{"今天天气很好", "我们一起吃饭吧"},
		},
		"the same letter": {text: "aaaaaaaaaaaaaaaaaaaa", yes: []string{"aaaaaaaaaaaaaaaaaa"}, no: []string{"bbbbbbbbbbbb", "banana"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			like := newTextLike(tt.text)
			for _, x := range tt.yes {
				if !like.like(x) {
					f := newTextForm(x)
					t.Errorf("%q isn't like it (words %.2f, letters %.2f)", x, dice(like.text.words, f.words), dice(like.grams, ngrams(f.flat, 3)))
				}
			}
			for _, x := range tt.no {
				if like.like(x) {
					t.Errorf("%q is like it", x)
				}
			}
		})
	}
}

// Hundreds of varied raiders are found among hundreds of ordinary names and lines, and nobody else.
func TestALikenessSparesTheCrowd(t *testing.T) {
	raid := newNameLike("Raider 1")
	for i := range 300 {
		for _, form := range []string{"Raider %d", "ra1der_%d", "RAIDER%d", "%d raider"} {
			if n := fmt.Sprintf(form, i*37); !raid.like(n) {
				t.Errorf("%q is spared", n)
			}
		}
		if n := fmt.Sprintf("Guest %d", i*37); raid.like(n) {
			t.Errorf("%q is hit", n)
		}
	}
	for _, n := range strings.Fields("Alice Bob Carla David Radek Rainer Aiden Ryder Rachel Ferdinand Raine Adder Brader Radar Rayder-Fan Tina") {
		if n != "Rayder-Fan" && raid.like(n) {
			t.Errorf("%q is hit", n)
		}
	}
}

func TestLikenessCostsByWhatIsCompared(t *testing.T) {
	huge := strings.Repeat("Raider ", 100_000)
	if f := newTextForm(huge); f.count > maxCompared {
		t.Errorf("%d words were compared", f.count)
	}
	if f := nameForm(huge); len([]rune(f)) > 2*maxCompared {
		t.Errorf("a name's form has %d characters", len(f))
	}
	if newNameLike(" \u200b").like("") || newTextLike("").like("") {
		t.Error("nothing is like nothing")
	}
}

func FuzzLikeness(f *testing.F) {
	f.Add("Raider 4821", "ra1der_77")
	f.Add("免费", "\xff\xfe")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := newNameLike(a), newNameLike(b)
		if !x.empty() && !x.like(a) {
			t.Errorf("%q isn't like itself", a)
		}
		if ab, ba := dice(x.grams, y.grams), dice(y.grams, x.grams); ab != ba || ab < 0 || ab > 1 {
			t.Errorf("likeness is %v one way and %v the other", ab, ba)
		}
		if l := newTextLike(a); !l.empty() && !l.like(a) {
			t.Errorf("the text %q isn't like itself", a)
		}
	})
}
