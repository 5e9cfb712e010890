package function

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/functions.md")

// TestDocs checks that docs/functions.md is what functionsPage generates.
func TestDocs(t *testing.T) {
	const file = "../../docs/functions.md"
	want := functionsPage()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is out of date: run go test ./render/function -run TestDocs -update", file)
	}
}

const functionsIntroduction = `# Functions

The functions that a ` + "`target`" + ` can call. Names, parameters and results are those of graphite-web, or of carbonapi for functions that only carbonapi has. This page is generated from ` + "`render/function`" + `.

- A parameter with a default is optional; None means that it is not given. ` + "`*`" + ` marks a parameter that takes any number of arguments.
- A duration is a number and a unit: s, min, h, d, w, mon (30 days) or y (365 days), as in "10min" or "1d12h".
- An aggregation function is one of average (avg), avg_zero, count, diff, last (current), max, median, min, multiply, range (rangeOf), stddev and sum (total). Missing values are ignored, with two exceptions: avg_zero counts them as 0. With multiply, one missing value makes the result missing.
- The step of a series is the distance of its values in seconds. A value may be missing.
`

func functionsPage() string {
	var b strings.Builder
	b.WriteString(functionsIntroduction)
	byGroup := map[Group][]string{}
	for _, s := range All() {
		byGroup[s.Group] = append(byGroup[s.Group], fmt.Sprintf("[%s](#%s)", s.Name, strings.ToLower(s.Name)))
	}
	for _, group := range slices.Sorted(maps.Keys(byGroup)) {
		fmt.Fprintf(&b, "\n**%s**: %s\n", group, strings.Join(byGroup[group], ", "))
	}
	for _, s := range All() {
		b.WriteString("\n## " + s.Name + "\n\n`" + s.Signature(s.Name) + "`")
		if len(s.Aliases) > 0 {
			b.WriteString(", also called `" + strings.Join(s.Aliases, "`, `") + "`")
		}
		text, example, _ := strings.Cut(s.Doc, "Example::")
		b.WriteString(" · " + string(s.Group) + "\n\n" + strings.TrimSpace(text) + "\n")
		if example = strings.TrimSpace(example); example != "" {
			b.WriteString("\n")
			for line := range strings.SplitSeq(example, "\n") {
				b.WriteString(strings.TrimRight("    "+strings.TrimSpace(line), " ") + "\n")
			}
		}
	}
	return b.String()
}
