package server

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestDeleteAndMetadata deletes metrics and changes the aggregation method of another.
func TestDeleteAndMetadata(t *testing.T) {
	data := t.TempDir()
	s := start(t, data, "cache.WRITE_DELAY=0")
	now := strconv.FormatInt(time.Now().Unix(), 10)
	s.send("a.b 1 " + now + "\na.c 2 " + now + "\nd 3 " + now + "\n")
	s.waitHealthy()
	post := func(path string, form url.Values, want string) {
		t.Helper()
		answer, err := http.PostForm(s.url(path), form)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if body, err := io.ReadAll(answer.Body); err != nil || string(body) != want {
			t.Errorf("%s: %d %s, %v; want %s", path, answer.StatusCode, body, err, want)
		}
	}
	post("/metrics/delete", url.Values{"query": {"a.*"}}, `{"deleted":2}`)
	post("/metrics/delete", url.Values{"query": {"a.*"}}, `{"deleted":0}`)
	if _, _, body := s.get("/metrics/index.json", nil); string(body) != `["d"]` {
		t.Errorf("metrics after deletion: %s", body)
	}
	for range 6000 { // at most a minute
		if _, err := os.Stat(filepath.Join(data, "whisper", "d.wsp")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	post("/metrics/set-metadata", url.Values{"operations": {`[{"metric":"d","key":"aggregationMethod","value":"last"}]`}},
		`{"d":{"old_value":"average","new_value":"last"}}`)
	post("/metrics/get-metadata", url.Values{"metric": {"d"}, "key": {"aggregationMethod"}}, `{"d":{"value":"last"}}`)
}
