package api

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestPanicOverHTTP lets the evaluation panic on a real server, with and without
// compression: the client gets an error or a broken connection, never half an answer.
func TestPanicOverHTTP(t *testing.T) {
	engine := &fakeEngine{hook: func(context.Context) error { panic("ouch") }}
	server := httptest.NewServer(New(Options{Renderer: engine, Finder: &fakeFinder{}}))
	defer server.Close()
	for _, encoding := range []string{"identity", "gzip", "zstd"} {
		r, _ := http.NewRequest(http.MethodGet, server.URL+"/render?target=a&format=json", nil)
		r.Header.Set("Accept-Encoding", encoding)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusInternalServerError || len(body) < 10 || err != nil || answer.Header.Get("Content-Encoding") != "" {
			t.Errorf("in %s: %d %q %v %v", encoding, answer.StatusCode, body, answer.Header, err)
		}
	}
}
