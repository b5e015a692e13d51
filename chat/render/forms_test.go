package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlain(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"a heart":                          {"I <3 you", "I <3 you"},
		"an ampersand":                     {"AT&T", "AT&T"},
		"comparisons":                      {"5 > 3 && 2 < 4", "5 > 3 && 2 < 4"},
		"typed entities":                   {"&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"},
		"a comparison without spaces":      {"1<2 <= 3 <", "1<2 <= 3 <"},
		"a NUL after the sign":             {"<\x00b>", "<\x00b>"},
		"a tag":                            {"<b>bold</b>", "bold"},
		"a tag within a word":              {"sp<i></i>am", "spam"},
		"nothing but a tag":                {"<img src=x onerror=alert(1)>", ""},
		"the content of a script":          {"<script>alert(1)</script>", "alert(1)"},
		"a tag in capitals":                {"<B>x</B >", "x"},
		"an unclosed tag":                  {"a <b", "a < b"},
		"an unclosed image":                {"<img src=x onerror=alert(1) ", "< img src=x onerror=alert(1) "},
		"an unclosed end tag":              {"x</b", "x< /b"},
		"a broken heart":                   {"</3", "< /3"},
		"a greater sign in a quoted value": {`<a title=">">x</a>`, "x"},
		"a quote in a bare value":          {`<a b=c"d>x`, "x"},
		"a quote as a name":                {`<a ">x`, "x"},
		"an equals sign as a name":         {`<a ="">x`, "x"},
		"a slash before a quoted value":    {`<a b=/">x`, "x"},
		"a quote that is never closed":     {`<a title=">x`, `< a title=">x`},
		"a comment":                        {"a<!-- <b> -- > -->b", "ab"},
		"a comment with the other end":     {"a<!-- x --!>b", "ab"},
		"an empty comment":                 {"a<!-->b<!--->c", "abc"},
		"an unclosed comment":              {"a<!-- b>", "a< !-- b>"},
		"a doctype":                        {"<!DOCTYPE html>x", "x"},
		"CDATA":                            {"<![CDATA[x]]>y", "y"},
		"a processing instruction":         {"<?php echo 1 ?>x", "x"},
		"a tag that forms by removal":      {"<<b>script>alert(1)<<b>/script>", "< script>alert(1)< /script>"},
		"a comment that forms by removal":  {"<<i></i>!-- x -->", "< !-- x -->"},
		"many signs":                       {"<<<<b>", "<<<"},
		"brackets around a word":           {"<spam>", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Of(tt.text).Plain; got != tt.want {
				t.Errorf("Of(%q).Plain: got %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestHTML(t *testing.T) {
	link := func(href, seen string) string {
		return `<a href="` + href + `" rel="nofollow noopener noreferrer ugc" target="_blank">` + seen + `</a>`
	}
	tests := map[string]struct{ text, want string }{
		"text":                          {"hello", ""},
		"typed HTML":                    {"<b>x</b> & &amp;", ""},
		"typed HTML beside markup":      {"<b>x</b> *y*", "&lt;b&gt;x&lt;/b&gt; <em>y</em>"},
		"a typed entity beside markup":  {"&lt;i&gt; *y*", "&amp;lt;i&amp;gt; <em>y</em>"},
		"two lines":                     {"a\nb", "a<br>b"},
		"emphasis":                      {"*a* _b_ **c** ~~d~~", "<em>a</em> <em>b</em> <strong>c</strong> <del>d</del>"},
		"both emphases":                 {"***a***", "<strong><em>a</em></strong>"},
		"emphasis within emphasis":      {"**a *b* c**", "<strong>a <em>b</em> c</strong>"},
		"emphases that overlap":         {"*a **b* c**", "<em>a **b</em> c**"},
		"emphasis next to punctuation":  {"(*a*), *b*!", "(<em>a</em>), <em>b</em>!"},
		"an underscore in a name":       {"snake_case_name", ""},
		"a product":                     {"2*3*4 2 * 3 * 4", ""},
		"a power":                       {"2**3**4 __init__", ""},
		"a delimiter without its end":   {"*a **b ~~c _d", ""},
		"nothing to emphasise":          {"** ** **** * *", ""},
		"emphasis ends with the line":   {"*a\nb*", "*a<br>b*"},
		"emphasis after other letters":  {"sp**a**m", ""},
		"code":                          {"run `go <x> *y*`", "run <code>go &lt;x&gt; *y*</code>"},
		"code without its end":          {"a ` b", ""},
		"empty code":                    {"`` ` `", ""},
		"code of two lines":             {"`a\nb`", "`a<br>b`"},
		"a block":                       {"```\nif a < b {\n  *c*\n}\n```", "<pre><code>if a &lt; b {\n  *c*\n}</code></pre>"},
		"a block without its end":       {"``` a", ""},
		"a link":                        {"see https://a.example/b?c=d&e=f.", "see " + link("https://a.example/b?c=d&amp;e=f", "https://a.example/b?c=d&amp;e=f") + "."},
		"a link in brackets":            {"(http://a.example/b)", "(" + link("http://a.example/b", "http://a.example/b") + ")"},
		"a link with brackets":          {"http://a.example/b_(c)", link("http://a.example/b_(c)", "http://a.example/b_(c)")},
		"a link in emphasis":            {"*http://a.example*", "<em>" + link("http://a.example", "http://a.example") + "</em>"},
		"a link with underscores":       {"http://a.example/_b_", link("http://a.example/_b", "http://a.example/_b") + "_"},
		"a link that breaks out":        {`http://a.example/"onmouseover="x`, link("http://a.example/", "http://a.example/") + "&#34;onmouseover=&#34;x"},
		"a link with a user":            {"http://bank.example@evil.example/", ""},
		"a link without a host":         {"http:///x https://", ""},
		"another scheme":                {"javascript://a%0aalert(1) ftp://a", ""},
		"a link to a blank":             {"http://\u1680 http://-", ""},
		"a scheme within a word":        {"xhttp://a.example", ""},
		"a link with a bad escape":      {"http://a.example/%zz", ""},
		"a link in capitals":            {"HTTP://A.example", link("http://A.example", "HTTP://A.example")},
		"code that holds a typed quote": {"`\"><img src=x>`", "<code>&#34;&gt;&lt;img src=x&gt;</code>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Of(tt.text).HTML; got != tt.want {
				t.Errorf("Of(%q).HTML:\ngot  %s\nwant %s", tt.text, got, tt.want)
			}
		})
	}
}

func TestViews(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"text":                   {"hello <3", []string{"hello <3"}},
		"tags within a word":     {"sp<i></i>am", []string{"sp<i></i>am", "spam"}},
		"code within a word":     {"s`p`am", []string{"s`p`am", "spam"}},
		"emphasis":               {"*sp*, **am**", []string{"*sp*, **am**", "sp, am"}},
		"an entity":              {"sp&#97;m", []string{"sp&#97;m", "spam"}},
		"an invisible entity":    {"sp&shy;am", []string{"sp&shy;am", "sp\u00adam"}},
		"a word in brackets":     {"<spam>", []string{"<spam>", ""}},
		"a link is seen as such": {"http://a.example", []string{"http://a.example"}},
		"all at once":            {"<b>&lt; *x*", []string{"<b>&lt; *x*", "&lt; *x*", "< *x*", "<b>&lt; x"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Of(tt.text).Views(tt.text)); diff != "" {
				t.Errorf("Views(%q) (-want +got):\n%s", tt.text, diff)
			}
		})
	}
}
