package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestCachedAnswers counts the evaluations of equal requests.
func TestCachedAnswers(t *testing.T) {
	evaluated, now := 0, time.Unix(testNow, 0)
	engine := &fakeEngine{hook: func(context.Context) error { evaluated++; return nil }}
	ask := func(h http.Handler, query string, want int) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "/render?"+query, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Body.Len() < 10 || w.Header().Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %d %s", query, w.Code, w.Body)
		}
		if evaluated != want {
			t.Errorf("%s: evaluated %d times, want %d", query, evaluated, want)
		}
	}
	o := Options{Renderer: engine, Finder: &fakeFinder{}, Now: func() time.Time { return now }}
	h := New(o)
	ask(h, "target=a&format=json", 1)
	ask(h, "target=a&format=json", 2)
	ask(h, "target=a&format=json&cacheTimeout=60", 3)
	ask(h, "format=json&target=a&cacheTimeout=60&_salt=1&uniq=2&_ts=3", 3)
	ask(h, "target=b&format=json&cacheTimeout=60", 4)
	ask(h, "target=a&format=json&cacheTimeout=60&noCache=1", 5)
	now = now.Add(time.Minute)
	ask(h, "target=a&format=json&cacheTimeout=60", 6)

	ask(h, "target=c&format=json&cacheTimeout=31536000", 7)
	now = now.Add(time.Minute)
	ask(h, "target=c&format=json&cacheTimeout=60", 8) // this request accepts no older answer
	ask(h, "target=c&format=json&cacheTimeout=31536000", 8)

	o.CacheDuration, evaluated = time.Second, 0
	h = New(o)
	ask(h, "target=a&format=json", 1)
	ask(h, "target=a&format=json", 1)
	ask(h, "target=a&format=json&cacheTimeout=0", 2)
	now = now.Add(time.Second)
	ask(h, "target=a&format=json", 3)
}

func TestAnswerCacheIsBounded(t *testing.T) {
	var c answerCache
	now := time.Unix(testNow, 0)
	for i := range 100 {
		c.put(&cachedAnswer{fmt.Sprint(i % 50), "", make([]byte, cacheLength), now})
		if c.bytes > cacheBytes || len(c.byKey) != c.used.Len() {
			t.Fatalf("%d bytes, %d and %d answers", c.bytes, len(c.byKey), c.used.Len())
		}
	}
	if _, ok := c.get("49", now.Add(-time.Second)); !ok {
		t.Error("the last one is gone")
	}
	if _, ok := c.get("0", now.Add(-time.Second)); ok {
		t.Error("the first one is there")
	}
}

// TestCacheKeys checks that different parameters have different keys.
func TestCacheKeys(t *testing.T) {
	known := map[string]string{}
	for _, query := range []string{
		"format=json&target=a", "format=json%00target%00a", `format=json%22+%22target%22+%22a`,
		"format=json&target=a&target=b", "format=json&target=a%00target%00b", "format=json&target=ab", "formatjson=&target=a",
	} {
		p := params{}
		if err := p.addQuery(query); err != nil {
			t.Fatal(err)
		}
		if other, ok := known[p.cacheKey()]; ok {
			t.Errorf("%s gets the answer of %s", query, other)
		}
		known[p.cacheKey()] = query
	}
}
