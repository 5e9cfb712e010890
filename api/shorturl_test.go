package api

import (
	"net/http"
	"strings"
	"testing"
)

func TestShortURLs(t *testing.T) {
	for _, prefix := range []string{"", "/graphite"} {
		f := newRecords(t, func(o *Options) { o.URLPrefix = prefix })
		short := func(address, want string) {
			t.Helper()
			w := f.do(http.MethodGet, "/s/"+address, "")
			if w.Code != 200 || w.Header().Get("Content-Type") != "text/plain" || w.Body.String() != prefix+want {
				t.Errorf("%s: %d %v %s, want %s", address, w.Code, w.Header(), w.Body, want)
			}
		}
		follow := func(path string, code int, location string) {
			t.Helper()
			if location != "" {
				location = prefix + location
			}
			if w := f.do(http.MethodGet, path, ""); w.Code != code || w.Header().Get("Location") != location {
				t.Errorf("%s: %d %s, want %d %s", path, w.Code, w.Header().Get("Location"), code, location)
			}
		}
		short("render/?target=a.b&width=5&_salt=1.5&_uniq=0.3", "/S/B")
		short("/render?target=a.b&width=5", "/S/B")
		follow("/S/B", 302, "/render?target=a.b&width=5")
		follow("/S/B/", 302, "/render?target=a.b&width=5")
		follow("/S/Z", 404, "")
		follow("/S/-", 404, "")
		follow("/S/"+strings.Repeat("z", 11), 404, "")
		short("", "/S/C")
		follow("/S/C", 302, "/")
		// No URL leads to another server.
		for i, evil := range []string{"/evil.example", "//evil.example/x", `%5Cevil.example`, "%2F%2Fevil.example", "https://evil.example/", "%0d%0aSet-Cookie:%20x", "?\xff\"<>"} {
			w := f.do(http.MethodGet, "/s/"+evil, "")
			location := f.do(http.MethodGet, strings.TrimPrefix(w.Body.String(), prefix), "").Header().Get("Location")
			rest, ok := strings.CutPrefix(location, prefix+"/")
			if !ok || strings.HasPrefix(rest, "/") || strings.ContainsFunc(location, func(c rune) bool { return c <= 0x20 || c >= 0x7f || c == '\\' }) {
				t.Errorf("%d %s: %d %s leads to %q", i, evil, w.Code, w.Body, location)
			}
		}
		if w := f.do(http.MethodGet, "/s/render?"+strings.Repeat("x", maxURLBytes), ""); w.Code != 413 {
			t.Errorf("too long: %d", w.Code)
		}
	}
}

func TestBase62(t *testing.T) {
	for n, text := range map[int64]string{0: "A", 1: "B", 61: "z", 62: "BA", 3843: "zz", 62 * 62: "BAA"} {
		if got := base62(n); got != text {
			t.Errorf("%d: %s, want %s", n, got, text)
		}
		if got, ok := fromBase62(text); !ok || got != n {
			t.Errorf("%s: %d %v", text, got, ok)
		}
	}
	if n, ok := fromBase62(strings.Repeat("z", 10)); !ok || n < 0 {
		t.Error(n, ok)
	}
}
