package api

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of routes into docs/http-api.md")

// TestReference compares the table of docs/http-api.md with the rows of routes.
func TestReference(t *testing.T) {
	const (
		file  = "../docs/http-api.md"
		begin = "<!-- routes: begin; go test ./api -update writes this table -->\n"
		end   = "<!-- routes: end -->\n"
	)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), begin)
	_, after, found2 := strings.Cut(rest, end)
	if !found || !found2 {
		t.Fatalf("%s has no place for the table of routes", file)
	}
	want := before + begin + routeTable((&server{}).ownRoutes()) + end + after
	if want == string(content) {
		return
	}
	if !*update {
		t.Fatalf("%s differs from the rows of routes: run go test ./api -update", file)
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// routeTable returns routes as a table in Markdown.
func routeTable(routes []Route) string {
	var b strings.Builder
	b.WriteString("\n| path | methods | right | what it does |\n|---|---|---|---|\n")
	for i := range routes {
		rt := &routes[i]
		doc := rt.Doc
		if names := rt.paramNames(); names != "" {
			doc += " Parameters: " + names + "."
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", rt.openAPIPath(), strings.ReplaceAll(rt.Methods, " ", ", "), rt.Right, strings.ReplaceAll(doc, "|", `\|`))
	}
	b.WriteString("\n")
	return b.String()
}

// paramNames lists the parameters that are not in the path; those that are required
// are bold.
func (rt *Route) paramNames() string {
	var names []string
	for _, p := range rt.Params {
		name := "`" + p.Name + "`"
		if p.Required {
			name = "**" + name + "**"
		}
		if !strings.Contains(rt.openAPIPath(), "{"+p.Name+"}") {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
