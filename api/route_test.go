package api

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A mounted handler gets the body as it was sent, whatever its Content-Type, within the
// limits of all bodies; its row is in the OpenAPI document.
func TestMount(t *testing.T) {
	f := newFixture(func(o *Options) {
		o.MaxBody = 100
		o.Mounts = []Route{{
			Path: "/api/v1/sink", Methods: "POST", ID: "sink", Doc: "Accepts lines.", Takes: []string{mediaText},
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

// New panics at a table of routes that is incomplete or contradicts itself.
func TestIncompleteRoutes(t *testing.T) {
	whole := Route{Path: "/a", Methods: "GET", ID: "a", Doc: "A.", Handler: nothing}
	f := func(change func(*Route), want string) {
		t.Helper()
		defer func() {
			t.Helper()
			if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}()
		rt := whole
		change(&rt)
		NewMounted(Options{Mounts: []Route{whole, rt}})
	}
	f(func(*Route) {}, "second ID a")
	f(func(rt *Route) { rt.ID = "b" }, "second GET /a")
	f(func(rt *Route) { rt.ID, rt.Path, rt.Doc = "b", "/b", "" }, "doc is missing")
	f(func(rt *Route) { rt.ID, rt.Path, rt.Handler = "b", "/b", nil }, "needs one handler")
	f(func(rt *Route) { rt.ID, rt.Path, rt.Params = "b", "/b", []Param{{Name: "p"}} }, `parameter "p" lacks a type`)
	f(func(rt *Route) { rt.ID, rt.Path = "b", "/b" }, "<nil>")
}

// The code of this package names the path of each route once: in its row.
func TestOneDefinitionOfAPath(t *testing.T) {
	rows := map[string]int{}
	for _, rt := range (&server{}).ownRoutes() {
		rows[rt.Path]++
	}
	delete(rows, "/") // the separator of paths too
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found, comment := map[string]int{}, regexp.MustCompile(`//.*`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for path := range rows {
			found[path] += strings.Count(comment.ReplaceAllString(string(text), ""), `"`+path+`"`)
		}
	}
	for path, n := range rows {
		if found[path] != 1 && found[path] != n {
			t.Errorf("%d definitions of %q, want one for each of its %d rows", found[path], path, n)
		}
	}
}
