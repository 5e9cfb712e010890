package function

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/functions.md")

// TestDocs holds docs/functions.md against the registry it is made of.
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
		t.Errorf("%s is not what the registry says; rewrite it with go test ./render/function -run TestDocs -update", file)
	}
}

func functionsPage() string {
	var b strings.Builder
	b.WriteString("# Functions\n\nThe functions that a `target` may use, as in Graphite. Names, parameters and results are graphite-web's, or carbonapi's where only that has the function. This page is made from the registry in `render/function`.\n")
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
