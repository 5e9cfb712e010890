//go:build linux

package crash

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"carbon/test/launch"
)

// site is a data directory and a configuration, which outlive the servers that
// use them one after the other.
type site struct {
	*launch.Site
	t    *testing.T
	last *server
}

// newSite makes an empty site that keeps a point a second.
func newSite(t *testing.T, settings ...string) *site {
	t.Helper()
	s, err := launch.NewSite(carbon, t.TempDir(), "1s:7d")
	if err != nil {
		t.Fatal(err)
	}
	s.Settings = append([]string{launch.NoOwnSeries}, settings...)
	return &site{Site: s, t: t}
}

// retain sets the retentions of metrics that do not exist yet.
func (s *site) retain(retentions string) {
	s.t.Helper()
	if err := s.Retain(retentions); err != nil {
		s.t.Fatal(err)
	}
}

// path is a path below the data directory.
func (s *site) path(elements ...string) string {
	return filepath.Join(append([]string{s.Data}, elements...)...)
}

// server is a running carbon.
type server struct {
	*launch.Server
	t *testing.T
}

// launch starts a server and waits for nothing.
func (s *site) launch() *server {
	s.t.Helper()
	v, err := s.Launch(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	v.EndWith(s.t)
	s.last = &server{v, s.t}
	return s.last
}

// listening starts a server and returns when its ports are open. It may still be
// replaying its log.
func (s *site) listening() *server {
	s.t.Helper()
	v := s.launch()
	if err := v.AwaitPorts(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	return v
}

// start starts a server and returns when it is healthy.
func (s *site) start() *server {
	s.t.Helper()
	v := s.listening()
	v.healthy()
	return v
}

func (v *server) healthy() {
	v.t.Helper()
	if err := v.AwaitHealth(context.Background()); err != nil {
		v.t.Fatal(err)
	}
}

// stop sends SIGTERM and wants exit code 0.
func (v *server) stop() {
	v.t.Helper()
	v.terminate()
	v.wantEnd()
}

func (v *server) terminate() {
	v.t.Helper()
	if err := v.Signal(syscall.SIGTERM); err != nil {
		v.t.Fatal(err)
	}
}

// wantEnd waits for the end of a server that was told to end, and wants exit code 0.
func (v *server) wantEnd() {
	v.t.Helper()
	if err := v.Wait(launch.Patience); err != nil {
		v.t.Error(err)
	}
}

// until waits for something that a living server must bring about. what completes
// "waited until the server".
func (v *server) until(what string, done func() bool) {
	v.t.Helper()
	if err := v.Until(context.Background(), launch.Patience, "the server "+what, done); err != nil {
		v.t.Fatal(err)
	}
}

const receivedPoints = "carbon_metrics_received_total"

// received is how many points the server has accepted since its start.
func (v *server) received() int64 { return int64(v.Counters()[receivedPoints]) }

// accepts waits until the server has accepted that many points, and wants no more.
func (v *server) accepts(points int64) {
	v.t.Helper()
	var got int64
	v.until(fmt.Sprintf("accepted %d points", points), func() bool {
		got = v.received()
		return got >= points
	})
	if got != points {
		v.t.Errorf("the server accepted %d points, want %d", got, points)
	}
}
