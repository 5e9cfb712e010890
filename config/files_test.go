package config

import (
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
