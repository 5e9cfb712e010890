package carbon_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link     = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	codePath = regexp.MustCompile("`([a-z0-9_.-]+/[a-zA-Z0-9_./*-]+)`")
)

// TestLinks checks that files to which documentation links exist, and so do the paths
// that ARCHITECTURE.md and CONTRIBUTING.md name.
func TestLinks(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (name == "node_modules" || name == ".git") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(string(content), -1) {
			if strings.Contains(m[1], ":") {
				continue // another site
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", path, m[1], err)
			}
		}
		if path != "ARCHITECTURE.md" && path != "CONTRIBUTING.md" {
			return nil
		}
		text, _, _ := strings.Cut(string(content), "## Dependencies") // it names packages of other modules
		for _, m := range codePath.FindAllStringSubmatch(text, -1) {
			if found, _ := filepath.Glob(m[1]); len(found) == 0 {
				t.Errorf("%s names %s, which does not exist", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
