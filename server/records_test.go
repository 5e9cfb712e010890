package server

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What happened is found again after a restart and drawn; a database that is
// broken does not keep the server from starting.
func TestEventsOfEarlierRuns(t *testing.T) {
	data := t.TempDir()
	s := start(t, data)
	answer, err := http.Post("http://"+s.m.Addrs()["http"].String()+"/events/", "application/json",
		strings.NewReader(`{"what": "deployed", "when": 1793613660, "tags": "web"}`))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	answer.Body.Close()
	s.stop()

	const target = `/render?format=json&noNullPoints=1&from=1793613600&until=1793613720&target=events("web")`
	counted := func(s *server) string {
		t.Helper()
		answer, err := http.Get("http://" + s.m.Addrs()["http"].String() + target)
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
	if got := counted(s); !strings.Contains(got, "[[1.0, 1793613660]]") {
		t.Errorf("after a restart: %s", got)
	}
	s.stop()

	if err := os.WriteFile(filepath.Join(data, "carbon.db"), []byte(strings.Repeat("no database", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := counted(start(t, data)); got != "[]" {
		t.Errorf("after the database broke: %s", got)
	}
	if kept, _ := filepath.Glob(filepath.Join(data, "carbon.db.broken-*")); len(kept) == 0 {
		t.Error("the broken database is gone")
	}
}
