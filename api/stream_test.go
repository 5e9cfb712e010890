package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// deadlineRecorder records until when a client has to take what is written.
type deadlineRecorder struct {
	*httptest.ResponseRecorder
	until time.Time
	t     *testing.T
}

func (d *deadlineRecorder) SetWriteDeadline(t time.Time) error {
	d.until = t
	return nil
}

func (d *deadlineRecorder) Write(b []byte) (int, error) {
	if d.until.IsZero() {
		d.t.Error("the client may take forever")
	}
	return d.ResponseRecorder.Write(b)
}

// TestPatience has no client hold an answer forever, and none that takes its time
// cut short.
func TestPatience(t *testing.T) {
	h := New(Options{Renderer: &fakeEngine{}, Finder: &fakeFinder{names: []string{"a.b"}}, Timeout: time.Second})
	for path, want := range map[string]time.Duration{
		"/version":                              patience + time.Second,
		"/metrics/find?query=a.*&format=pickle": patience,
		"/metrics/find?query=a.*":               patience,
		"/render?target=a&format=json":          patience,
		"/render?target=a":                      patience,
		"/":                                     patience,
		"/nosuch":                               patience + time.Second,
	} {
		w := &deadlineRecorder{ResponseRecorder: httptest.NewRecorder(), t: t}
		begin := time.Now()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.until.Before(begin.Add(want)) || w.until.After(time.Now().Add(want)) {
			t.Errorf("%s: %v after the end", path, time.Until(w.until))
		}
	}
}
