package server

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The templates follow their file: there is none, it comes, it breaks, it is
// repaired, and it goes.
func TestTemplatesFollowTheirFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graphTemplates.conf")
	var log bytes.Buffer
	l, err := openTemplates(path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	size := func() int { return l.get().Template("mine").FontSize }
	at := time.Unix(1_800_000_000, 0)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if got := size(); got != 10 {
		t.Errorf("without a file the font has size %d, want 10", got)
	}
	write("[mine]\nfontSize = 20\n")
	if got := size(); got != 20 {
		t.Errorf("from the file the font has size %d, want 20", got)
	}
	write("[mine]\nfontSize = 30\nbackground = nocolour\n")
	if got := size(); got != 20 {
		t.Errorf("from a broken file the font has size %d, want what it had, 20", got)
	}
	if !strings.Contains(log.String(), path+":3: background") {
		t.Errorf("the log does not say what is wrong with %s, and where: %s", path, &log)
	}
	before := log.Len()
	size()
	if log.Len() != before {
		t.Error("a broken file is reported more than once")
	}
	write("[mine]\nfontSize = 30\n")
	if got := size(); got != 30 {
		t.Errorf("from the repaired file the font has size %d, want 30", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got := size(); got != 10 {
		t.Errorf("when the file is gone the font has size %d, want 10", got)
	}
}

func TestTemplatesBrokenAtTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "graphTemplates.conf")
	if err := os.WriteFile(path, []byte("[default]\nfontSize = big\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openTemplates(path, slog.New(slog.DiscardHandler)); err == nil || !strings.HasPrefix(err.Error(), path+":2: ") {
		t.Errorf("error %v, want one that begins with %s:2:", err, path)
	}
}
