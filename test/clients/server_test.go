//go:build linux

package clients

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"carbon/test/launch"
)

// carbon is the path of the server's binary.
var carbon string

func TestMain(m *testing.M) { os.Exit(launch.Main(m, &carbon)) }

// site is a data directory and settings, which outlive the servers that use them
// one after the other.
type site struct {
	*launch.Site
	t *testing.T
}

// newSite makes an empty site that keeps a point a second. The settings are
// SECTION.KEY=VALUE; flags begin with "--".
func newSite(t *testing.T, settings ...string) *site {
	t.Helper()
	s, err := launch.NewSite(carbon, t.TempDir(), "1s:7d")
	if err != nil {
		t.Fatal(err)
	}
	s.Settings = []string{launch.NoOwnSeries}
	for _, setting := range settings {
		if strings.HasPrefix(setting, "--") {
			s.Flags = append(s.Flags, setting)
		} else {
			s.Settings = append(s.Settings, setting)
		}
	}
	return &site{s, t}
}

func (s *site) path(name string) string { return filepath.Join(s.Dir, name) }

func (s *site) write(name, content string) {
	s.t.Helper()
	if err := s.Write(name, content); err != nil {
		s.t.Fatal(err)
	}
}

// server is a running carbon.
type server struct {
	*launch.Server
	t *testing.T
}

// start starts a server on new, empty data.
func start(t *testing.T, settings ...string) *server {
	t.Helper()
	return newSite(t, settings...).start()
}

// start starts a server and returns when it is healthy.
func (s *site) start() *server {
	s.t.Helper()
	v, err := s.Start(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	v.EndWith(s.t)
	return &server{v, s.t}
}

// stop sends SIGTERM and wants exit code 0.
func (v *server) stop() {
	v.t.Helper()
	if err := v.Stop(); err != nil {
		v.t.Error(err)
	}
}

// status is the status of an answer; 0: there was none.
func (v *server) status(path string) int {
	status, _ := v.Get(path)
	return status
}

// points returns what a target has from the second from on, by name and second.
func (v *server) points(target string, from int64) map[string]map[int64]float64 {
	v.t.Helper()
	query := url.Values{"target": {target}, "from": {strconv.FormatInt(from-1, 10)}, "until": {strconv.FormatInt(time.Now().Unix()+60, 10)}, "format": {"json"}}
	status, body := v.Get("/render?" + query.Encode())
	var list []struct {
		Target     string
		Datapoints [][2]*float64
	}
	if err := json.Unmarshal(body, &list); err != nil || status != http.StatusOK {
		v.t.Fatalf("render %s: %d, %v: %s", target, status, err, body)
	}
	all := map[string]map[int64]float64{}
	for _, series := range list {
		points := map[int64]float64{}
		for _, p := range series.Datapoints {
			if p[0] != nil {
				points[int64(*p[1])] = *p[0]
			}
		}
		if len(points) > 0 {
			all[series.Target] = points
		}
	}
	return all
}

// figure is a sample of /-/metrics by its name and labels; 0: there is none.
func (v *server) figure(name string) float64 { return v.Counters()[name] }
