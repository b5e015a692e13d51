package main

import (
	"fmt"
	"math"
	"strings"
)

// line is a subject in a plot.
type line struct {
	name string
	x, y []float64
}

const (
	plotWidth, plotHeight = 640.0, 360.0
	plotLeft, plotRight   = 60.0, 110.0 // the names stand on the right
	plotTop, plotBottom   = 36.0, 48.0
)

// The colours tell apart for all eyes, on white and on black.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7"}

// axis maps numbers to places, logarithmically.
type axis struct{ low, high, from, to float64 }

func (a axis) at(v float64) float64 {
	return a.from + (math.Log(v)-math.Log(a.low))/(math.Log(a.high)-math.Log(a.low))*(a.to-a.from)
}

// ticks are 1, 2 and 5 times the powers of ten within the axis.
func (a axis) ticks() (all []float64) {
	for power := math.Pow(10, math.Floor(math.Log10(a.low))); power <= a.high; power *= 10 {
		for _, k := range []float64{1, 2, 5} {
			if v := k * power; v >= a.low*0.999 && v <= a.high*1.001 {
				all = append(all, v)
			}
		}
	}
	return all
}

// span is the least and the most of a coordinate; a little apart where they are equal.
func span(lines []line, of func(line) []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, l := range lines {
		for _, v := range of(l) {
			low, high = min(low, v), max(high, v)
		}
	}
	if low > high {
		return 1, 10
	}
	return low / 1.1, high * 1.1
}

// plot draws lines on two logarithmic axes, as SVG.
func plot(title, xTitle, yTitle string, lines []line) string {
	xLow, xHigh := span(lines, func(l line) []float64 { return l.x })
	yLow, yHigh := span(lines, func(l line) []float64 { return l.y })
	x := axis{xLow, xHigh, plotLeft, plotWidth - plotRight}
	y := axis{yLow, yHigh, plotHeight - plotBottom, plotTop}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="%g" height="%g" fill="#fff"/>`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<text x="%g" y="20" font-size="14">%s</text>`+"\n", plotLeft, title)
	for _, v := range x.ticks() {
		fmt.Fprintf(&b, `<path d="M%.1f %g V%g" stroke="#ddd"/><text x="%.1f" y="%g" text-anchor="middle">%g</text>`+"\n", x.at(v), plotTop, y.from, x.at(v), y.from+16, v)
	}
	for _, v := range y.ticks() {
		fmt.Fprintf(&b, `<path d="M%g %.1f H%g" stroke="#ddd"/><text x="%g" y="%.1f" text-anchor="end">%g</text>`+"\n", plotLeft, y.at(v), x.to, plotLeft-6, y.at(v)+4, v)
	}
	fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="middle">%s</text>`+"\n", (x.from+x.to)/2, plotHeight-12, xTitle)
	fmt.Fprintf(&b, `<text transform="translate(14 %g) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (y.from+y.to)/2, yTitle)
	for i, l := range lines {
		drawLine(&b, l, x, y, colours[i%len(colours)])
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func drawLine(b *strings.Builder, l line, x, y axis, colour string) {
	if len(l.x) == 0 {
		return
	}
	var path strings.Builder
	for i := range l.x {
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", command, x.at(l.x[i]), y.at(l.y[i]))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", x.at(l.x[i]), y.at(l.y[i]), colour)
	}
	last := len(l.x) - 1
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", path.String(), colour)
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" fill="%s">%s</text>`+"\n", x.at(l.x[last])+8, y.at(l.y[last])+4, colour, l.name)
}
