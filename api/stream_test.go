package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// deadlineRecorder records the write deadline of an answer.
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
		d.t.Error("write without a deadline")
	}
	return d.ResponseRecorder.Write(b)
}

// slowReader reads rate bytes a second.
type slowReader struct {
	*httptest.ResponseRecorder
	rate  int
	until time.Time
}

func (r *slowReader) SetWriteDeadline(t time.Time) error {
	r.until = t
	return nil
}

func (r *slowReader) Write(b []byte) (int, error) {
	took := time.Duration(len(b)) * time.Second / time.Duration(r.rate)
	if room := time.Until(r.until); took > room {
		time.Sleep(max(0, room))
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(took)
	return len(b), nil
}

// A slow reader gets a long answer; one below minRate is cut off.
func TestSlowReaders(t *testing.T) {
	f := func(rate int, most time.Duration, want bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			var err any
			func() {
				defer func() { err = recover() }() // breaking the connection is a panic
				stream(&slowReader{ResponseRecorder: httptest.NewRecorder(), rate: rate}, func(w io.Writer) error {
					for range 100 {
						time.Sleep(time.Second) // the server is slow, not the reader
						if _, err := w.Write(make([]byte, 64<<10)); err != nil {
							return err
						}
					}
					return nil
				})
			}()
			if took := time.Since(begin); (err == nil) != want || took > most {
				t.Errorf("%d bytes a second: %v after %v", rate, err, took)
			}
		})
	}
	const made = 100 * time.Second
	f(1<<20, made+7*time.Second, true)
	f(minRate+1000, made+400*time.Second, true)
	f(minRate/2, made+2*readGrace, false)
	f(2000, made+2*readGrace, false)
	f(1000, 2*readGrace, false)
}

// TestWriteDeadlines checks that every answer has a write deadline, and how late it is.
func TestWriteDeadlines(t *testing.T) {
	h := New(Options{Renderer: &fakeEngine{}, Finder: &fakeFinder{names: []string{"a.b"}}, Timeout: time.Second})
	for path, want := range map[string]time.Duration{
		"/version":                              readGrace + time.Second,
		"/metrics/find?query=a.*&format=pickle": readGrace,
		"/metrics/find?query=a.*":               readGrace,
		"/render?target=a&format=json":          readGrace,
		"/render?target=a":                      readGrace,
		"/":                                     readGrace,
		"/nosuch":                               readGrace + time.Second,
	} {
		w := &deadlineRecorder{ResponseRecorder: httptest.NewRecorder(), t: t}
		begin := time.Now()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.until.Before(begin.Add(want)) || w.until.After(time.Now().Add(want)) {
			t.Errorf("%s: %v after the end", path, time.Until(w.until))
		}
	}
}
