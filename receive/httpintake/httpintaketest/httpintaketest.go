// Package httpintaketest serves handlers that use an httpintake.Intake, and keeps the
// datapoints that they push.
package httpintaketest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"carbon/metric"
	"carbon/receive/httpintake"
	"carbon/receive/receivetest"
)

// Site is a handler that is served, and what it has pushed.
type Site struct {
	Intake *httpintake.Intake
	Clock  time.Time // time of arrival
	URL    string

	mu        sync.Mutex
	points    []metric.Datapoint
	committed int   // of points
	fail      error // of Commit
}

// MaxBody is the maximum body in bytes.
const MaxBody = 1 << 20

// New serves a handler until the test ends.
func New(t testing.TB, handler func(*httpintake.Intake) http.Handler) *Site {
	t.Helper()
	s := &Site{Clock: time.Unix(receivetest.Now, 0)}
	s.Intake = httpintake.New(httpintake.Options{
		MaxBody: MaxBody,
		Now:     func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.Clock },
		Push: func(_ context.Context, points []metric.Datapoint) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, p := range points {
				s.points = append(s.points, metric.Datapoint{Name: strings.Clone(p.Name), Point: p.Point})
			}
			return nil
		},
		Commit: func(context.Context) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.fail == nil {
				s.committed = len(s.points)
			}
			return s.fail
		},
	})
	inner := handler(s.Intake)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Advance moves the clock.
func (s *Site) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Clock = s.Clock.Add(d)
}

// FailCommit makes commits fail from now on; nil: they succeed again.
func (s *Site) FailCommit(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// Taken returns what was pushed since the last call. It fails the test if some of it
// was not committed.
func (s *Site) Taken(t testing.TB) []metric.Datapoint {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.committed != len(s.points) {
		t.Errorf("%d datapoints, of which %d are committed", len(s.points), s.committed)
	}
	points := s.points
	s.points, s.committed = nil, 0
	return points
}

// Names formats datapoints as "name value time".
func Names(points []metric.Datapoint) []string {
	texts := []string{}
	for _, p := range points {
		texts = append(texts, fmt.Sprint(p.Name, " ", p.Value, " ", p.Time))
	}
	return texts
}

// Post sends a body with headers, given as names and values, and returns the answer.
func (s *Site) Post(t testing.TB, path, body string, headers ...string) (code int, header http.Header, text string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(b)
}

// Replay sends a recorded request unchanged.
func (s *Site) Replay(t testing.TB, request []byte) (code int, header http.Header) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write(request); err != nil {
		t.Fatal(err)
	}
	asked, err := http.ReadRequest(bufio.NewReader(strings.NewReader(string(request))))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), asked)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Header
}

// Vectors replays all of testdata/vectors.json.
func Vectors(t *testing.T, handler func(*httpintake.Intake) http.Handler) {
	for _, v := range receivetest.Load(t) {
		t.Run(v.ID, func(t *testing.T) {
			s := New(t, handler)
			code, _ := s.Replay(t, v.Data)
			if !slices.Contains(v.Status, code) {
				t.Errorf("%d, want one of %v", code, v.Status)
			}
			v.Check(t, s.Taken(t))
		})
	}
}
