package api

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// What is mounted gets the body as it was sent, whatever its Content-Type says,
// within the bounds of all bodies, and is in the document.
func TestMount(t *testing.T) {
	f := newFixture(func(o *Options) {
		o.MaxBody = 100
		o.Mounts = []Mount{{
			Path: "/api/v1/sink", Methods: "POST", ID: "sink", About: "Takes lines.", Takes: []string{mediaText},
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text, err := io.ReadAll(r.Body)
				if err != nil {
					http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
					return
				}
				w.Write(text)
			}),
		}}
	})
	post := func(path, text string, want int) string {
		t.Helper()
		r := f.do(t, "POST", path, text, "Content-Type", "application/x-www-form-urlencoded")
		if r.StatusCode != want {
			t.Errorf("POST %s: %d, want %d", path, r.StatusCode, want)
		}
		return body(t, r)
	}
	for _, path := range []string{"/api/v1/sink", "/api/v1/sink/"} {
		if got := post(path, "a.b 1 2\n", 200); got != "a.b 1 2\n" {
			t.Errorf("%s read %q", path, got)
		}
	}
	post("/api/v1/sink", strings.Repeat("x", 101), 413)
	if r := f.do(t, "GET", "/api/v1/sink", ""); r.StatusCode != 405 || r.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %d, allowed %q", r.StatusCode, r.Header.Get("Allow"))
	}
	if document := body(t, f.do(t, "GET", "/-/openapi.json", "")); !strings.Contains(document, `"/api/v1/sink"`) {
		t.Error("not in the document")
	}
}
