package watch

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fixture is a watched file whose value is its content; "bad" cannot be parsed.
type fixture struct {
	t       *testing.T
	path    string
	log     bytes.Buffer
	w       *Watcher
	v       *Value[string]
	changes []string
	clock   time.Time
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{t: t, path: filepath.Join(t.TempDir(), "file"), clock: time.Unix(1_800_000_000, 0)}
	f.w = New(slog.New(slog.NewTextHandler(&f.log, nil)))
	var err error
	f.v, err = Add(f.w, File[string]{Name: "rules", Paths: []string{f.path}, Parse: func() (string, []string, error) {
		content, err := os.ReadFile(f.path)
		if errors.Is(err, os.ErrNotExist) {
			return "none", nil, nil
		}
		if string(content) == "bad" {
			return "", []string{f.path + ":1: odd"}, errors.New(f.path + ":2: bad")
		}
		return string(content), nil, err
	}}, func(v string) { f.changes = append(f.changes, v) })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) write(content string) {
	f.t.Helper()
	if err := os.WriteFile(f.path, []byte(content), 0o644); err != nil {
		f.t.Fatal(err)
	}
	f.clock = f.clock.Add(time.Second)
	if err := os.Chtimes(f.path, f.clock, f.clock); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) want(value string) {
	f.t.Helper()
	if got := f.v.Load(); got != value {
		f.t.Errorf("got %q, want %q", got, value)
	}
}

// TestPoll creates, changes, breaks, repairs and removes a file.
func TestPoll(t *testing.T) {
	f := newFixture(t)
	f.want("none")
	f.write("one")
	f.w.Poll()
	f.want("none") // the file may still be changing
	f.w.Poll()
	f.want("one")
	f.write("bad")
	f.w.Poll()
	f.w.Poll()
	f.want("one")
	for _, want := range []string{"reload failed; keeping the current values", f.path + ":2: bad", f.path + ":1: odd"} {
		if !strings.Contains(f.log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, &f.log)
		}
	}
	logged := f.log.Len()
	f.w.Poll()
	if f.log.Len() != logged {
		t.Error("the error of an unchanged file is logged twice")
	}
	f.write("two")
	f.w.Poll()
	f.w.Poll()
	f.want("two")
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	f.w.Poll()
	f.w.Poll()
	f.want("none")
	if got := strings.Join(f.changes, " "); got != "none one two none" {
		t.Errorf("changed got %q", got)
	}
}

func TestReload(t *testing.T) {
	f := newFixture(t)
	f.write("one")
	f.w.Reload()
	f.want("one")
}

func TestAddFails(t *testing.T) {
	_, err := Add(New(nil), File[int]{Name: "x", Parse: func() (int, []string, error) { return 0, nil, os.ErrPermission }}, nil)
	if !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v", err)
	}
}
