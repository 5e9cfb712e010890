package web

import "strconv"

// graph is the image and its URLs in all formats.
type graph struct {
	Sources       []source // the browser shows the first whose Media matches
	Image         string
	Width, Height int
	Alt           string
	Copy          string // complete URL of the image
	Formats       []choice
}

// source is the image for one kind of screen.
type source struct {
	Media string // media query
	URL   string
}

// sizes are the sizes of the image. The browser chooses one, because without a script it
// cannot send its width to the server.
var sizes = []struct {
	media         string
	width, height int
}{
	{"(min-width: 1600px)", 1180, 460},
	{"(max-width: 640px)", 420, 280},
	{"", 890, 400},
}

// dark holds the parameters of the image for dark pages.
var dark = [][2]string{
	{"bgcolor", "171b21"},
	{"fgcolor", "d5dae1"},
	{"majorGridLineColor", "3b424d"},
	{"minorGridLineColor", "272d36"},
}

func newGraph(p Page, targets []string) *graph {
	s := p.State
	g := &graph{Alt: "Graph of " + heading(State{Targets: targets})}
	for _, size := range sizes {
		light := renderQuery(s, targets)
		// Browsers may cache a graph for a minute. A reload must show the current one.
		light.add("noCache", "1")
		light.add("width", strconv.Itoa(size.width))
		light.add("height", strconv.Itoa(size.height))
		night := query{}
		night.b.WriteString(light.b.String())
		for _, d := range dark {
			night.add(d[0], d[1])
		}
		g.Sources = append(g.Sources, source{and(size.media, "(prefers-color-scheme: dark)"), night.after(p.Prefix + "/render")})
		if size.media != "" {
			g.Sources = append(g.Sources, source{size.media, light.after(p.Prefix + "/render")})
			continue
		}
		g.Image, g.Width, g.Height = light.after(p.Prefix+"/render"), size.width, size.height
	}
	address := renderURL(p.Prefix, s, targets)
	g.Copy = p.Base + address
	g.Formats = append(g.Formats, choice{Text: "PNG", URL: address})
	for _, f := range []choice{{Text: "JSON", Value: "json"}, {Text: "CSV", Value: "csv"}, {Text: "raw", Value: "raw"}} {
		f.URL = address + "&format=" + f.Value
		g.Formats = append(g.Formats, f)
	}
	return g
}

func and(a, b string) string {
	if a == "" {
		return b
	}
	return a + " and " + b
}

// renderURL returns the URL of /render that draws the targets.
func renderURL(prefix string, s State, targets []string) string {
	q := renderQuery(s, targets)
	return q.after(prefix + "/render")
}

// renderQuery returns the query of /render that draws the targets.
func renderQuery(s State, targets []string) *query {
	q := &query{}
	for _, t := range targets {
		q.add("target", t)
	}
	s.From = s.from()
	s.addRange(q)
	q.addIf("title", s.Title)
	return q
}
