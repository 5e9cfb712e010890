package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestETags repeats requests with the ETag of the first answer.
func TestETags(t *testing.T) {
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
	for _, path := range []string{"/render?target=a&format=json", "/render?target=a&format=json&jsonp=f", "/metrics/find?query=a.*", "/metrics/index.json"} {
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
		r := httptest.NewRequest(http.MethodPost, path, nil)
		r.Header.Set("If-None-Match", tag)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Errorf("POST %s: %d", path, w.Code)
		}
	}
}

// TestNotModified uses a real server, which refuses a body after 304.
func TestNotModified(t *testing.T) {
	server := httptest.NewServer(New(Options{Renderer: &fakeEngine{}, Finder: &fakeFinder{names: []string{"a.b"}}}))
	defer server.Close()
	for _, path := range []string{"/render?target=a&format=json&jsonp=f", "/metrics/find?query=a.*&jsonp=f"} {
		for _, encoding := range []string{"identity", "gzip"} {
			r, _ := http.NewRequest(http.MethodGet, server.URL+path, nil)
			r.Header.Set("Accept-Encoding", encoding)
			r.Header.Set("If-None-Match", "*")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Errorf("%s in %s: %v", path, encoding, err)
				continue
			}
			answer.Body.Close()
			h := answer.Header
			if answer.StatusCode != http.StatusNotModified || h.Get("ETag") == "" || h.Get("Vary") != "Accept-Encoding" || h.Get("Content-Type") != "" {
				t.Errorf("%s in %s: %d %v", path, encoding, answer.StatusCode, h)
			}
		}
	}
}
