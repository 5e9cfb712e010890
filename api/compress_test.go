package api

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestCompress(t *testing.T) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("web.host%03d.cpu", i))
	}
	h := New(Options{Renderer: &fakeEngine{}, Finder: &fakeFinder{names: names}})
	get := func(path, accept string) (encoding string, body io.Reader) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		if accept != "" && w.Body.Len() > compressFrom && !strings.Contains(w.Header().Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s: caches are not told that there are several answers", path)
		}
		return w.Header().Get("Content-Encoding"), w.Body
	}
	text := func(r io.Reader, err error) string {
		t.Helper()
		b, err2 := io.ReadAll(r)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		return string(b)
	}
	const path = "/metrics/index.json"
	encoding, body := get(path, "")
	plain := text(body, nil)
	if encoding != "" || len(plain) < compressFrom {
		t.Fatalf("%q, %d bytes", encoding, len(plain))
	}
	if encoding, body = get(path, "gzip, deflate, br"); encoding != "gzip" {
		t.Fatalf("got %q", encoding)
	}
	unzipped, err := gzip.NewReader(body)
	if text(unzipped, err) != plain {
		t.Error("another answer in gzip")
	}
	if encoding, body = get(path, "zstd"); encoding != "zstd" {
		t.Fatalf("got %q", encoding)
	}
	unpacked, err := zstd.NewReader(body)
	if text(unpacked, err) != plain {
		t.Error("another answer in zstd")
	}
	if encoding, _ = get("/metrics/find?query=nope", "gzip"); encoding != "" {
		t.Error("a short answer is compressed")
	}
}
