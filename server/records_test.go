package server

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEventsAfterRestart checks that events survive a restart, and that the server
// starts with a corrupt database.
func TestEventsAfterRestart(t *testing.T) {
	data := t.TempDir()
	s := start(t, data)
	answer, err := http.Post(s.url("/events/"), "application/json",
		strings.NewReader(`{"what": "deployed", "when": 1793613660, "tags": "web"}`))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	answer.Body.Close()
	s.stop()

	const target = `/render?format=json&noNullPoints=1&from=1793613600&until=1793613720&target=events("web")`
	render := func(s *testServer) string {
		t.Helper()
		answer, err := http.Get(s.url(target))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	s = start(t, data)
	if got := render(s); !strings.Contains(got, "[[1.0, 1793613660]]") {
		t.Errorf("after a restart: %s", got)
	}
	s.stop()

	if err := os.WriteFile(filepath.Join(data, "carbon.db"), []byte(strings.Repeat("not a database", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := render(start(t, data)); got != "[]" {
		t.Errorf("with a corrupt database: %s", got)
	}
	if aside, _ := filepath.Glob(filepath.Join(data, "carbon.db.broken-*")); len(aside) == 0 {
		t.Error("the corrupt database was not set aside")
	}
}
