package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"carbon/test/launch"
)

// system is a server that can be started on a directory. It stores points with the
// given retentions, if it stores any.
type system struct {
	name    string
	program string // that must be installed; empty: none
	start   func(ctx context.Context, dir, retentions string) (*process, error)
}

func (s *system) missing() bool {
	if s.program == "" {
		return false
	}
	_, err := exec.LookPath(s.program)
	return err != nil
}

func schemas(retentions string) string {
	return "[bench]\npattern = .*\nretentions = " + retentions + "\n"
}

// ours is the server built from this tree. Settings are SECTION.KEY=VALUE.
func ours(binary string, settings ...string) *system {
	return &system{name: "carbon", start: func(ctx context.Context, dir, retentions string) (*process, error) {
		site, err := launch.NewSite(binary, dir, retentions)
		if err != nil {
			return nil, err
		}
		site.Data, site.Flags, site.Settings = dir, []string{"--log-level", "warn"}, settings
		s, err := site.Listen(ctx)
		if err != nil {
			return nil, err
		}
		return &process{Process: s.Process, line: s.Line(), url: s.URL(""), data: dir}, nil
	}}
}

// withListener starts our server with a further listener for a format.
func (b *bench) withListener(ctx context.Context, format string) (p *process, addr string, done func(), err error) {
	dir, err := b.tempDir(format)
	if err != nil {
		return nil, "", nil, err
	}
	ports, err := launch.FreeAddrs(1)
	if err != nil {
		return nil, "", nil, err
	}
	settings := append([]string{"listener:bench.ADDRESS=" + ports[0], "listener:bench.FORMAT=" + format}, beforeStoring...)
	if p, err = ours(b.binary, settings...).start(ctx, dir, retention); err != nil {
		os.RemoveAll(dir)
		return nil, "", nil, err
	}
	return p, ports[0], func() { p.Kill(); os.RemoveAll(dir) }, nil
}

// relay parses lines and drops them, which is the least that a server must do.
var relay = &system{name: "carbon-c-relay", program: "carbon-c-relay", start: func(ctx context.Context, dir, _ string) (*process, error) {
	ports, err := launch.FreeAddrs(1)
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf("listen type linemode %s proto tcp;\nstatistics submit every 3600 seconds;\nmatch * send to blackhole stop;\n", ports[0])
	if err := writeFiles(dir, map[string]string{"relay.conf": config}); err != nil {
		return nil, err
	}
	p := &process{line: ports[0], data: dir}
	return p.start(ctx, "carbon-c-relay", "-f", filepath.Join(dir, "relay.conf"), "-w", "2", "-B", "4096")
}}

var victoria = &system{name: "VictoriaMetrics", program: "victoria-metrics", start: func(ctx context.Context, dir, _ string) (*process, error) {
	ports, err := launch.FreeAddrs(2)
	if err != nil {
		return nil, err
	}
	p := &process{line: ports[0], url: "http://" + ports[1], data: dir}
	return p.start(ctx, "victoria-metrics", "-storageDataPath", filepath.Join(dir, "victoria"), "-retentionPeriod", "1y",
		"-graphiteListenAddr", ports[0], "-httpListenAddr", ports[1], "-loggerLevel", "WARN")
}}

// carbonCache is Graphite's carbon-cache with Debian's settings, the given ones, and no
// limit on new files: by default it drops new metrics beyond 50 a minute.
func carbonCache(settings ...string) *system {
	return &system{name: "carbon-cache", program: "carbon-cache", start: func(ctx context.Context, dir, retentions string) (*process, error) {
		ports, err := launch.FreeAddrs(3)
		if err != nil {
			return nil, err
		}
		lines := []string{
			"[cache]", "USER =", "STORAGE_DIR = " + dir, "LOCAL_DATA_DIR = " + filepath.Join(dir, "whisper"), "CONF_DIR = " + dir,
			"LOG_DIR = " + dir, "PID_DIR = " + dir, "DATABASE = whisper", "MAX_CACHE_SIZE = inf", "MAX_CREATES_PER_MINUTE = inf",
			"LOG_UPDATES = False", "LOG_CACHE_HITS = False", "WHISPER_SPARSE_CREATE = True",
		}
		for i, name := range []string{"LINE_RECEIVER", "PICKLE_RECEIVER", "CACHE_QUERY"} {
			host, port, err := net.SplitHostPort(ports[i])
			if err != nil {
				return nil, err
			}
			lines = append(lines, name+"_INTERFACE = "+host, name+"_PORT = "+port)
		}
		lines = append(lines, settings...)
		err = writeFiles(dir, map[string]string{
			"carbon.conf": strings.Join(lines, "\n") + "\n", "storage-schemas.conf": schemas(retentions), "storage-aggregation.conf": "",
		})
		if err != nil {
			return nil, err
		}
		pidFile := filepath.Join(dir, "carbon-cache.pid")
		if err := os.Remove(pidFile); err != nil && !os.IsNotExist(err) { // left by a killed process
			return nil, err
		}
		p := &process{line: ports[0], data: dir}
		return p.start(ctx, "carbon-cache", "--nodaemon", "--config", filepath.Join(dir, "carbon.conf"), "--logdir", dir, "--pidfile", pidFile, "start")
	}}
}

// graphiteWeb is graphite-web, served by Python's wsgiref: one process that answers one
// request after the other. It reads the whisper files of the directory.
var graphiteWeb = &system{name: "graphite-web", program: "/usr/bin/graphite-manage", start: func(ctx context.Context, dir, _ string) (*process, error) {
	ports, err := launch.FreeAddrs(1)
	if err != nil {
		return nil, err
	}
	home := filepath.Join(dir, "graphite-web")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, err
	}
	if err := writeFiles(home, map[string]string{"bench_settings.py": graphiteWebSettings, "serve.py": graphiteWebServer}); err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(ports[0])
	if err != nil {
		return nil, err
	}
	p := &process{line: ports[0], url: "http://" + ports[0], data: home}
	return p.start(ctx, "/usr/bin/python3", filepath.Join(home, "serve.py"), home, filepath.Join(dir, "whisper"), port)
}}

const graphiteWebSettings = `import os
from graphite.settings import *

STORAGE_DIR = CONF_DIR = LOG_DIR = os.environ['BENCH_HOME']
WHISPER_DIR = os.environ['BENCH_TREE']
STANDARD_DIRS = DATA_DIRS = [WHISPER_DIR]
INDEX_FILE = os.path.join(STORAGE_DIR, 'index')
DASHBOARD_CONF = os.path.join(STORAGE_DIR, 'dashboard.conf')
GRAPHTEMPLATES_CONF = os.path.join(STORAGE_DIR, 'graphTemplates.conf')
LOG_CACHE_PERFORMANCE = LOG_RENDERING_PERFORMANCE = LOG_METRIC_ACCESS = False
SECRET_KEY = 'bench'
CARBONLINK_HOSTS = CLUSTER_SERVERS = []
ALLOWED_HOSTS = ['*']
DEBUG = False
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': os.path.join(STORAGE_DIR, 'graphite.db')}}
`

const graphiteWebServer = `import os, sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

home, tree, port = sys.argv[1:]
os.environ.update(BENCH_HOME=home, BENCH_TREE=tree, DJANGO_SETTINGS_MODULE='bench_settings')
sys.path.insert(0, home)
import django
django.setup()
from django.core.management import call_command
call_command('migrate', '--run-syncdb', verbosity=0)
from django.core.wsgi import get_wsgi_application

class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass

make_server('127.0.0.1', int(port), get_wsgi_application(), handler_class=Handler).serve_forever()
`

// updateLimit is Debian's limit of updates per second.
const updateLimit = "MAX_UPDATES_PER_SECOND = 500"

// healthy waits until /health answers 200, of our server or of VictoriaMetrics.
func healthy(ctx context.Context, p *process, limit time.Duration) error {
	return p.Until(ctx, limit, "it is healthy", func() bool {
		_, err := p.get(ctx, "/health")
		return err == nil
	})
}

// counter reads a sample of our server's /-/metrics, such as carbon_cache_size.
func counter(ctx context.Context, p *process, name string) (int64, error) {
	content, err := p.get(ctx, "/-/metrics")
	if err != nil {
		return 0, err
	}
	n, err := numberAfter(content, name+" ")
	return int64(n), err
}
