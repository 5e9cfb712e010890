//go:build linux

package clients

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"carbon/test/launch"
)

// redisServer is Debian's Redis on a port and a directory of its own. It keeps its data
// when it is killed.
type redisServer struct {
	t    *testing.T
	port string
	dir  string
	run  *program
}

func startRedis(t *testing.T) *redisServer {
	t.Helper()
	need(t, "redis-server", "--version")
	r := &redisServer{t: t, dir: t.TempDir(), port: freePort(t)}
	r.start()
	return r
}

func (r *redisServer) start() {
	r.run = run(r.t, "redis-server", "--port", r.port, "--bind", "127.0.0.1", "--dir", r.dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "")
}

// wantMetrics waits until the server has the metrics of redis_push.py.
func wantMetrics(t *testing.T, v *server, n int, at int64) {
	t.Helper()
	launch.Until(t, fmt.Sprintf("all %d metrics are received", n), func() bool { return len(v.points("demo.m*", at)) >= n })
	for name, points := range v.points("demo.m*", at) {
		if want := "demo.m" + strconv.FormatFloat(points[at], 'f', -1, 64); len(points) != 1 || name != want {
			t.Errorf("%s: %v", name, points)
		}
	}
}

// TestTalkRedis kills the server and Redis in turn while metrics_talk's workers push.
// No element that Redis accepted is lost.
func TestTalkRedis(t *testing.T) {
	t.Parallel()
	needPython(t, "redis")
	r := startRedis(t)
	at := time.Now().Unix()
	s := newSite(t, "redis.ADDRESS=127.0.0.1:"+r.port)
	v := s.start()
	const rounds, each = 4, 1500
	for round := range rounds {
		pushing := script(t, "redis_push.py", r.port, strconv.Itoa(round*each), strconv.Itoa(each), strconv.FormatInt(at, 10))
		taken := v.figure("carbon_redis_elements_total")
		launch.Until(t, "some elements are received", func() bool { return v.figure("carbon_redis_elements_total") > taken })
		if round%2 == 0 {
			v.Kill()
			v = s.start()
		} else {
			r.run.Kill()
			r.start()
		}
		pushing.wait()
	}
	wantMetrics(t, v, rounds*each, at)
	v.stop()
}

// TestServersShareRedis runs two servers on one Redis. Together they receive every
// element, also those that a killed server had moved to its own list.
func TestServersShareRedis(t *testing.T) {
	t.Parallel()
	needPython(t, "redis")
	r := startRedis(t)
	at := time.Now().Unix()
	first, second := newSite(t, "redis.ADDRESS=127.0.0.1:"+r.port), newSite(t, "redis.ADDRESS=127.0.0.1:"+r.port)
	one, two := first.start(), second.start()
	const n = 3000
	pushing := script(t, "redis_push.py", r.port, "0", strconv.Itoa(n), strconv.FormatInt(at, 10))
	launch.Until(t, "both servers receive elements", func() bool {
		return one.figure("carbon_redis_elements_total") > 0 && two.figure("carbon_redis_elements_total") > 0
	})
	one.Kill()
	pushing.wait()
	one = first.start()
	launch.Until(t, "all elements are received", func() bool {
		all := one.points("demo.m*", at)
		for name := range two.points("demo.m*", at) {
			all[name] = nil
		}
		return len(all) == n
	})
	one.stop()
	two.stop()
}

func TestTheServerStartsWithoutRedis(t *testing.T) {
	t.Parallel()
	needPython(t, "redis")
	r := startRedis(t)
	r.run.Kill()
	v := start(t, "redis.ADDRESS=127.0.0.1:"+r.port)
	r.start()
	at := time.Now().Unix()
	script(t, "redis_push.py", r.port, "0", "10", strconv.FormatInt(at, 10)).wait()
	wantMetrics(t, v, 10, at)
	if n := v.figure("carbon_redis_connected"); n != 2 {
		t.Errorf("connections for %v lists", n)
	}
	v.stop()
}
