package wal

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"os"
	"strings"
	"testing"

	"carbon/disk/disktest"
)

// TestFormat compares a log with the example of FORMAT.md.
func TestFormat(t *testing.T) {
	doc, err := os.ReadFile("FORMAT.md")
	check(t, err)
	d := disktest.New(disktest.Options{})
	l := open(t, d.Mount(), Options{})
	add(t, l, 123456789, "hi")
	dump := hex.Dump(read(t, d.Mount())["0000000001.wal"])
	if indented := "    " + strings.ReplaceAll(strings.TrimSpace(dump), "\n", "\n    ") + "\n"; !strings.Contains(string(doc), indented) {
		t.Errorf("FORMAT.md does not show\n%s", indented)
	}
}

// TestOtherVersion checks that a log of another version is not opened.
func TestOtherVersion(t *testing.T) {
	all, _, _, _ := written(t, true)
	b := all["0000000002.wal"]
	b[8]++
	binary.LittleEndian.PutUint32(b[36:], crc32.Checksum(b[:36], castagnoli))
	fs := all.disk(t)
	if _, err := Open(Options{FS: fs, Dir: "/log", SegmentSize: DefaultSegmentSize}); err == nil || !strings.Contains(err.Error(), "segment 2: format version 2 is not supported") {
		t.Errorf("open: %v", err)
	}
}
