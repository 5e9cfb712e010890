package whisper

import (
	"bytes"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carbon/disk"
	"carbon/metric"
)

func readLog(t *testing.T, path string, log *bytes.Buffer) (*taggedLog, []string) {
	t.Helper()
	var names []string
	l, err := readTaggedLog(disk.OS{}, path, slog.New(slog.NewTextHandler(log, nil)),
		func(name string) { names = append(names, name) },
		func(name string) { names = slices.DeleteFunc(names, func(n string) bool { return n == name }) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.close() })
	return l, names
}

func TestTaggedLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "tagged.log")
	var log bytes.Buffer
	l, _ := readLog(t, path, &log)
	for _, names := range [][]string{{"a;k=v", "b;k=v"}, {"a;k=v"}, nil, {"c;k=v", "b;k=v"}} {
		if err := l.add(names); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(readFile(t, path)); got != "a;k=v\nb;k=v\nc;k=v\n" {
		t.Errorf("%q", got)
	}
	l, names := readLog(t, path, &log)
	if !slices.Equal(names, []string{"a;k=v", "b;k=v", "c;k=v"}) || !l.has(hash("c;k=v")) || l.has(hash("d;k=v")) {
		t.Errorf("read again: %q", names)
	}
	if log.Len() > 0 {
		t.Errorf("log: %s", &log)
	}
}

func TestTaggedNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tagged.log")
	if names, err := TaggedNames(disk.OS{}, path); err != nil || len(names) > 0 {
		t.Errorf("%v, %v", names, err)
	}
	log := "a;k=v\nb;k=v\nc;k=v\n- b;k=v\nno name;k=v\n- c;k=v\nc;k=v\ntorn;k=v"
	if err := os.WriteFile(path, []byte(log), 0o644); err != nil {
		t.Fatal(err)
	}
	names, err := TaggedNames(disk.OS{}, path)
	want := map[string]string{PathOf("a;k=v"): "a;k=v", PathOf("c;k=v"): "c;k=v"}
	if err != nil || !maps.Equal(names, want) {
		t.Errorf("%v, %v", names, err)
	}
}

// TestTaggedLogTorn cuts the log at each byte. The complete lines count, and the log can be
// appended to.
func TestTaggedLogTorn(t *testing.T) {
	const whole = "a;k=v\nbb;k=v;l=w\nc;k=v\n"
	for n := range len(whole) {
		path := filepath.Join(t.TempDir(), "tagged.log")
		if err := os.WriteFile(path, []byte(whole[:n]), 0o644); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		l, names := readLog(t, path, &log)
		kept := whole[:strings.LastIndexByte(whole[:n], '\n')+1]
		if got := strings.Join(append(names, ""), "\n"); got != kept {
			t.Errorf("cut at %d: %q, want %q", n, got, kept)
		}
		if warned := log.Len() > 0; warned != (len(kept) < n) {
			t.Errorf("cut at %d: log: %s", n, &log)
		}
		if err := l.add([]string{"z;k=v"}); err != nil {
			t.Fatal(err)
		}
		if got := string(readFile(t, path)); got != kept+"z;k=v\n" {
			t.Errorf("cut at %d, then appended to: %q", n, got)
		}
	}
}

func TestTaggedLogBadLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tagged.log")
	long := strings.Repeat("x", 5*metric.MaxTaggedLength) + ";k=v"
	lines := []string{"a;k=v", "", "plain", "b;z=1;a=2", "../x;k", "\xff;k=v", long, "c;k=v", ""}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	_, names := readLog(t, path, &log)
	if !slices.Equal(names, []string{"a;k=v", "c;k=v"}) || !strings.Contains(log.String(), "bad=6") {
		t.Errorf("%q, log: %s", names, &log)
	}
}

// TestNoTaggedFileBeforeItsName tests that a tagged series gets no file until its name is in
// the log.
func TestNoTaggedFileBeforeItsName(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, Options{})
	path := filepath.Join(dir, "tagged.log")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	updates := slices.Concat(oneUpdate("a", 1), oneUpdate("m;k=v", 2), oneUpdate("b", 3))
	if n, err := s.Write(t.Context(), updates); n != 1 || err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Write = %d, %v; want 1 and an error with the path", n, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "whisper", taggedDir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was created: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Write(t.Context(), updates[1:]); n != 2 || err != nil {
		t.Errorf("Write once the log can be created = %d, %v", n, err)
	}
	wantValue(t, s, "m;k=v", 2)
	if got := string(readFile(t, path)); got != "m;k=v\n" {
		t.Errorf("tagged.log: %q", got)
	}
}

func FuzzTaggedLog(f *testing.F) {
	f.Add([]byte("a;k=v\nb;k=v\n"))
	f.Add([]byte("a;k=v\nb;k"))
	f.Add([]byte("\n\n\x00;\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var lines int
		size, torn, err := readLines(bytes.NewReader(data), func(line []byte) {
			lines++
			if bytes.IndexByte(line, '\n') >= 0 || len(line) > 2*metric.MaxTaggedLength {
				t.Errorf("line %q", line)
			}
		})
		want := int64(bytes.LastIndexByte(data, '\n') + 1)
		if err != nil || size != want || torn != (want < int64(len(data))) || lines != bytes.Count(data, []byte("\n")) {
			t.Errorf("%d lines, size %d, torn %v, %v", lines, size, torn, err)
		}
	})
}
