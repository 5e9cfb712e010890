package wal

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"carbon/disk/disktest"
)

// The example of FORMAT.md is what is written.
func TestFormat(t *testing.T) {
	doc, err := os.ReadFile("FORMAT.md")
	check(t, err)
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{Reserve: -1})
	add(t, l, 123456789, "hi")
	dump := hex.Dump(read(t, d.Mount())["0000000001.wal"])
	if indented := "    " + strings.ReplaceAll(strings.TrimSpace(dump), "\n", "\n    ") + "\n"; !strings.Contains(string(doc), indented) {
		t.Errorf("FORMAT.md does not show\n%s", indented)
	}
}
