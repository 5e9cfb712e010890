//go:build linux

package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carbon/test/launch"
)

// TestClusterMember compares a graphite-web that reads a tree of whisper files with
// graphite-webs that have this server, which wrote the tree, as the only member of their
// cluster.
func TestClusterMember(t *testing.T) {
	needGraphiteWeb(t)
	dir := t.TempDir()
	writer := serve(t, dir)
	load(t, writer)
	if err := writer.Stop(); err != nil {
		t.Fatal(err)
	}
	tree := filepath.Join(dir, "data", "whisper")
	touch(t, tree)
	member := serve(t, dir)
	reader := graphiteWeb(t, tree, nil)
	clusters := map[string]string{}
	for how, server := range map[string]string{"pickle": member.URL(""), "msgpack": member.URL("") + "?format=msgpack"} {
		clusters[how] = graphiteWeb(t, t.TempDir(), []string{server})
	}

	var requests []string
	for _, window := range []string{
		"from=1793577600&until=1793620800", // half a day
		"from=1793491200&until=1793750400&maxDataPoints=500",
		"from=1793577613&until=1793577700&now=1793620800", // between points
	} {
		for _, target := range clusterTargets {
			requests = append(requests, "/render?format=json&"+window+"&target="+url.QueryEscape(target))
		}
	}
	for _, query := range []string{"*", "servers.*", "servers.*.cpu.*", "servers.web0{1,2}.*", "apps.[aw]*", "weird.*", "weird.*.*", "edge.s*", "nope.*"} {
		for _, format := range []string{"treejson", "completer"} {
			requests = append(requests, "/metrics/find?format="+format+"&query="+url.QueryEscape(query))
		}
	}
	requests = append(requests, "/metrics/expand?leavesOnly=1&query=servers.*.*&query=nodes.*.*", "/metrics/index.json")
	for how, cluster := range clusters {
		for _, request := range requests {
			// A tree lists names in the order of its directories.
			n := normalisation{DropInternal: true, Sort: strings.HasPrefix(request, "/metrics/")}
			want, err := fetchJSON(reader + request)
			if err != nil {
				t.Fatal(err)
			}
			if list, ok := want.([]any); ok && len(list) == 0 && !strings.Contains(request, "nope") {
				t.Errorf("%s: nothing to compare", request)
			}
			got, err := fetchJSON(cluster + request)
			if err == nil {
				err = diff(n.apply(want), n.apply(got), "", nil)
			}
			if err != nil {
				t.Errorf("%s: %s: %v", how, request, err)
			}
		}
		// graphite-web has no tag database for the tree.
		for _, target := range []string{
			"seriesByTag('name=http.latency','dc=eu')", "groupByTags(seriesByTag('name=~http.*','env=prod'),'sum','dc')", "seriesByTag('name=disk.used','mount!=/')",
		} {
			request := "/render?format=json&from=1793577600&until=1793620800&target=" + url.QueryEscape(target)
			want, err := fetchJSON(member.URL("") + request)
			if err != nil || len(want.([]any)) == 0 {
				t.Fatalf("%s: %v, %v", target, want, err)
			}
			got, err := fetchJSON(cluster + request)
			if err == nil {
				err = diff(want, got, "", nil)
			}
			if err != nil {
				t.Errorf("%s: %s: %v", how, target, err)
			}
		}
	}
}

// clusterTargets cover what a member can get wrong: names, times, steps, nulls, mixed
// steps, and earlier and shifted windows.
var clusterTargets = []string{
	"servers.web01.cpu.user",
	"servers.*.cpu.*",
	"servers.{web01,db01}.memory.used",
	"servers.web0[1-3].loadavg.01",
	"apps.*.*.latency",
	"edge.*",
	"edge.allnull",
	"edge.gaps",
	"edge.huge",
	"edge.tiny",
	"nope.*",
	"mixed.*.value",
	"weird.*.value",
	"weird.plus+plus.value",
	"weird.123.456",
	"_internal.value",
	"true.false.none",
	"stats.timers.login.mean",
	"sumSeries(servers.*.cpu.user)",
	"sumSeries(mixed.*.value)",
	"averageSeries(servers.*.loadavg.*)",
	"groupByNode(apps.*.*.requests,1,'sum')",
	"groupByNodes(apps.*.*.requests,'max',1,2)",
	"aliasByNode(servers.*.cpu.user,1,-1)",
	"movingAverage(edge.gaps,'10min')",
	"movingMedian(stats.timers.login.mean,7)",
	"timeShift(servers.web01.cpu.user,'1h')",
	"timeStack(servers.web01.cpu.user,'1h',0,2)",
	"summarize(edge.sparse,'1h','sum')",
	"summarize(stats.counters.requests.count,'15min','sum',true)",
	"smartSummarize(apps.web.eu.requests,'2h','avg')",
	"hitcount(stats.counters.errors.count,'1h')",
	"derivative(edge.steps)",
	"nonNegativeDerivative(servers.web01.net.eth0.rx)",
	"perSecond(servers.web01.net.eth0.tx)",
	"keepLastValue(edge.sparse,5)",
	"transformNull(edge.half,-1)",
	"asPercent(apps.*.eu.errors,sumSeries(apps.*.eu.requests))",
	"divideSeries(servers.web01.memory.used,servers.web01.memory.free)",
	"highestAverage(servers.*.cpu.user,2)",
	"sortByMaxima(nodes.*.temp)",
	"removeBelowValue(edge.negative,0)",
	"holtWintersForecast(apps.api.eu.latency)",
	"stdev(edge.spikes,5,0.1)",
	"consolidateBy(edge.spikes,'max')",
	"integral(edge.binary)",
	"percentileOfSeries(apps.*.*.latency,90)",
	"countSeries(servers.*.*.*)",
	"cactiStyle(servers.web01.loadavg.*)",
	"applyByNode(apps.*.eu.errors,1,'sumSeries(%.*.errors)')",
}

// touch sets the modification times of all files after the corpus, because graphite-web
// does not read points after the last change of a file.
func touch(t *testing.T, tree string) {
	t.Helper()
	then := time.Unix(1794268800, 0)
	err := filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.ModTime().Before(then) {
			err = os.Chtimes(path, then, then)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func needGraphiteWeb(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/usr/bin/graphite-manage"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v: scripts/install-test-parts installs it", err)
		}
		t.Skip(err)
	}
}

// graphiteWeb starts Debian's graphite-web on a tree and the members of a cluster, and
// returns its address.
func graphiteWeb(t *testing.T, tree string, cluster []string) string {
	t.Helper()
	home := t.TempDir()
	for name, content := range map[string]string{"cluster_settings.py": graphiteWebSettings, "serve.py": graphiteWebServer} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	addrs, err := launch.FreeAddrs(1)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addrs[0])
	cmd := exec.Command("/usr/bin/python3", filepath.Join(home, "serve.py"), port)
	cmd.Env = append(os.Environ(), "CLUSTER_HOME="+home, "CLUSTER_TREE="+tree, "CLUSTER_MEMBERS="+strings.Join(cluster, " "))
	p, err := launch.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p.EndWith(t)
	base := "http://" + addrs[0]
	err = p.Until(context.Background(), 2*launch.Patience, "graphite-web answers", func() bool {
		_, err := fetchJSON(base + "/metrics/find?query=nope")
		return err == nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return base
}

const graphiteWebSettings = `import os
from graphite.settings import *

STORAGE_DIR = CONF_DIR = LOG_DIR = os.environ['CLUSTER_HOME']
WHISPER_DIR = os.environ['CLUSTER_TREE']
STANDARD_DIRS = DATA_DIRS = [WHISPER_DIR]
INDEX_FILE = os.path.join(STORAGE_DIR, 'index')
DASHBOARD_CONF = os.path.join(STORAGE_DIR, 'dashboard.conf')
GRAPHTEMPLATES_CONF = os.path.join(STORAGE_DIR, 'graphTemplates.conf')
SECRET_KEY = 'test'
CARBONLINK_HOSTS = []
CLUSTER_SERVERS = os.environ['CLUSTER_MEMBERS'].split()
REMOTE_RETRY_DELAY = 0
FIND_TIMEOUT = FETCH_TIMEOUT = 60
TIME_ZONE = 'UTC'
ALLOWED_HOSTS = ['*']
DEBUG = False
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': os.path.join(STORAGE_DIR, 'graphite.db')}}
`

const graphiteWebServer = `import os, sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

os.environ['DJANGO_SETTINGS_MODULE'] = 'cluster_settings'
sys.path.insert(0, os.environ['CLUSTER_HOME'])
# graphite-web calls msgpack as before version 1.0. Its own umsgpack works, but needs
# collections.Hashable, which Python has moved.
import collections, collections.abc
collections.Hashable = collections.abc.Hashable
import graphite.umsgpack
sys.modules['msgpack'] = graphite.umsgpack
import django
django.setup()
from django.core.management import call_command
call_command('migrate', '--run-syncdb', verbosity=0)
from django.core.wsgi import get_wsgi_application

class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass

answer = get_wsgi_application()

def application(environ, start):
    if environ['PATH_INFO'] != '/dumpdata':
        return answer(environ, start)
    import io
    out = io.StringIO()
    call_command('dumpdata', 'dashboard', 'account.mygraph', 'url_shortener', stdout=out)
    start('200 OK', [])
    return [out.getvalue().encode()]

make_server('127.0.0.1', int(sys.argv[1]), application, handler_class=Handler).serve_forever()
`

// fetchJSON requests JSON and decodes it.
func fetchJSON(address string) (any, error) {
	answer, err := http.Get(address)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(answer.Status)
	}
	var v any
	if err == nil {
		v, err = decode(body)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %.300s", address, err, body)
	}
	return v, nil
}
