//go:build linux

package clients

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestCarbonlink lets Debian's graphite-web query points that are not in whisper files
// yet.
func TestCarbonlink(t *testing.T) {
	need(t, python, "-c", "import graphite, django")
	port := freePort(t)
	s := newSite(t, "cache.CACHE_QUERY_PORT="+port, "cache.CACHE_QUERY_INTERFACE=127.0.0.1", "cache.WRITE_DELAY=1h")
	now := time.Now().Unix()
	v := s.start()
	sendTo(t, v.Ports["line"], "link.a 1 "+strconv.FormatInt(now-60, 10)+"\n")
	v.stop() // creates the whisper file
	v = s.start()
	sendTo(t, v.Ports["line"], "link.a 1.5 "+strconv.FormatInt(now, 10)+"\nlink.b 2 "+strconv.FormatInt(now, 10)+"\n")
	v.has("link.a", now, 1.5)
	v.has("link.b", now, 2)
	const script = `
import os, sys
sys.path.insert(0, sys.argv[2])
os.environ['DJANGO_SETTINGS_MODULE'] = 'graphite.settings'
os.environ['GRAPHITE_SETTINGS_MODULE'] = 'link_settings'
import django; django.setup()
from graphite.carbonlink import CarbonLinkPool
pool = CarbonLinkPool([('127.0.0.1', int(sys.argv[1]), None)], 10.0)
pool.hosts = pool.hosts or [('127.0.0.1', int(sys.argv[1]), None)]
print(pool.query('link.a'))
print(pool.query('link.none'))
print(sorted(pool.query('link.b')))

# What is in the file, and over it what is not.
from graphite.finders.standard import StandardFinder
from graphite.finders.utils import FindQuery
now = int(sys.argv[4])
node = next(iter(StandardFinder([sys.argv[3]]).find_nodes(FindQuery('link.a', None, None))))
(start, end, step), values = node.fetch(now - 61, now + 1)
print([(start + i * step, v) for i, v in enumerate(values) if v is not None])
`
	dir := t.TempDir()
	settings := "SECRET_KEY = 'x'\nLOG_DIR = " + strconv.Quote(dir) + "\nSTORAGE_DIR = " + strconv.Quote(dir) + "\nCARBONLINK_HOSTS = ['127.0.0.1:" + port + "']\nINDEX_FILE = " + strconv.Quote(dir+"/index") +
		"\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': " + strconv.Quote(dir+"/db") + "}}\n"
	if err := os.WriteFile(dir+"/link_settings.py", []byte(settings), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", script, port, dir, s.path("data/whisper"), strconv.FormatInt(now, 10)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	at := strconv.FormatInt(now, 10)
	want := "[[" + at + ", 1.5]]\n[]\n[[" + at + ", 2.0]]\n[[" + strconv.FormatInt(now-60, 10) + ", 1.0], [" + at + ", 1.5]]\n"
	if !strings.HasSuffix(strings.ReplaceAll(strings.ReplaceAll(string(out), "(", "["), ")", "]"), want) {
		t.Errorf("got %s, want %s", out, want)
	}
}

// sendTo sends lines to a port and returns when they are read.
func sendTo(t *testing.T, addr, lines string) {
	t.Helper()
	cmd := exec.Command(carbon, "send", "--to", addr)
	cmd.Stdin = strings.NewReader(lines)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
