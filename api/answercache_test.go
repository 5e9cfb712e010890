package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestCachedAnswers counts evaluations.
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
	ask(h, "format=json&target=a&cacheTimeout=60&_salt=1", 3)
	ask(h, "target=b&format=json&cacheTimeout=60", 4)
	ask(h, "target=a&format=json&cacheTimeout=60&noCache=1", 5)
	now = now.Add(time.Minute)
	ask(h, "target=a&format=json&cacheTimeout=60", 6)

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
		c.put(&keptAnswer{fmt.Sprint(i % 50), "", make([]byte, cacheLength), now.Add(time.Hour)})
		if c.bytes > cacheBytes || len(c.byKey) != c.used.Len() {
			t.Fatalf("%d bytes, %d and %d answers", c.bytes, len(c.byKey), c.used.Len())
		}
	}
	if _, ok := c.get("49", now); !ok {
		t.Error("the last one is gone")
	}
	if _, ok := c.get("0", now); ok {
		t.Error("the first one is there")
	}
}
