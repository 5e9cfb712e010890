package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestTags asks again with the tag of the first answer.
func TestTags(t *testing.T) {
	h := New(Options{Renderer: &fakeEngine{}, Finder: &fakeFinder{names: []string{"a.b"}}})
	get := func(path, known string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if known != "" {
			r.Header.Set("If-None-Match", known)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, path := range []string{"/render?target=a&format=json", "/metrics/find?query=a.*", "/metrics/index.json"} {
		first := get(path, "")
		tag := first.Header().Get("ETag")
		if first.Code != http.StatusOK || tag == "" {
			t.Fatalf("%s: %d, tag %q", path, first.Code, tag)
		}
		for _, known := range []string{tag, `"x", ` + tag, "*", tag[2:]} {
			if again := get(path, known); again.Code != http.StatusNotModified || again.Body.Len() > 0 {
				t.Errorf("%s with %s: %d %s", path, known, again.Code, again.Body)
			}
		}
		if other := get(path, `W/"other"`); other.Code != http.StatusOK {
			t.Errorf("%s: %d", path, other.Code)
		}
	}
}
