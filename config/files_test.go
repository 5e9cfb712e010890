package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBrokenFiles checks that errors in files beside carbon.conf begin with FILE:LINE.
func TestBrokenFiles(t *testing.T) {
	for name, content := range map[string]string{
		"storage-schemas.conf":     "[a]\npattern = (\nretentions = 60s:1d\n",
		"storage-aggregation.conf": "[a]\npattern = .\nxFilesFactor = 2\n",
		"graphTemplates.conf":      "[default]\nfontSize = big\n",
	} {
		path := write(t, "")
		file := filepath.Join(filepath.Dir(path), name)
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := Load(Flags{Config: path}, nil)
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := c.CheckFiles()
		if all := strings.Join(warnings, "\n"); (err == nil || !strings.HasPrefix(err.Error(), file+":")) && !strings.HasPrefix(all, file+":") {
			t.Errorf("%s: error %v, warnings %q", name, err, warnings)
		}
	}
}

// TestRulesAppear parses a storage-schemas.conf that is written after the start. Once
// it was there at a start, it must stay.
func TestRulesAppear(t *testing.T) {
	path := write(t, "")
	c, err := Load(Flags{Config: path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	step := func(c *Config) int64 {
		t.Helper()
		rules, _, err := c.LoadRules()
		if err != nil {
			t.Fatal(err)
		}
		return rules.Layout("a.b").Archives[0].Step
	}
	if got := step(c); got != 60 {
		t.Errorf("built-in schemas: step %d", got)
	}
	file := filepath.Join(filepath.Dir(path), "storage-schemas.conf")
	if err := os.WriteFile(file, []byte("[all]\npattern = .\nretentions = 7s:1d\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := step(c); got != 7 {
		t.Errorf("new file: step %d", got)
	}
	if c, err = Load(Flags{Config: path}, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.LoadRules(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed file: %v", err)
	}
}

// TestNameLists checks that a line that cannot be parsed gives a warning and the
// other lines count.
func TestNameLists(t *testing.T) {
	path := write(t, "[cache]\nUSE_WHITELIST = True\n")
	black := filepath.Join(filepath.Dir(path), "blacklist.conf")
	if err := os.WriteFile(black, []byte("(\n^bad\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Flags{Config: path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	lists, warnings, err := c.LoadNameLists()
	if err != nil || len(lists.Black) != 1 || len(lists.White) != 0 || len(warnings) != 1 || !strings.HasPrefix(warnings[0], black+":1: ") {
		t.Errorf("%d and %d patterns, %q, %v", len(lists.Black), len(lists.White), warnings, err)
	}
	if warnings, err := c.CheckFiles(); err != nil || len(warnings) != 1 {
		t.Errorf("CheckFiles: %q, %v", warnings, err)
	}
}
