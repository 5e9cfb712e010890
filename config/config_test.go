package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// write writes carbon.conf in a new directory and returns its path.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "carbon.conf")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, content string, set ...string) *Config {
	t.Helper()
	c, err := Load(Flags{Config: write(t, content), Set: set}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestExampleIsTheDefaults checks that the shipped carbon.conf has the defaults.
func TestExampleIsTheDefaults(t *testing.T) {
	documented, err := Load(Flags{Config: "../carbon.conf", Schemas: "x", Aggregation: "x"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Load(Flags{Config: write(t, ""), Schemas: "x", Aggregation: "x"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain.File, plain.Templates = documented.File, documented.Templates
	if !reflect.DeepEqual(documented, plain) {
		t.Errorf("carbon.conf differs from the defaults:\n%+v\n%+v", documented, plain)
	}
}

func TestConfigValues(t *testing.T) {
	c := load(t, `
[CACHE]
Max_Cache_Size = 1000   ; inline
maxupdatespersecond = inf
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = 2103
METRIC_CLIENT_IDLE_TIMEOUT = None
CARBON_METRIC_INTERVAL = 10
[http]
LISTEN = 127.0.0.1:80
`, "limits.EVALUATION_TIME=250ms", "cache.WHISPER_SPARSE_CREATE=no")
	if c.Cache.MaxCacheSize != 1000 || c.Cache.MaxUpdatesPerSecond != 0 || c.Line != "127.0.0.1:2103" || c.HTTP != "127.0.0.1:80" ||
		c.Cache.ClientIdleTimeout != 0 || c.Cache.MetricInterval != 10*time.Second || c.Limits.EvaluationTime != 250*time.Millisecond || c.Cache.SparseCreate {
		t.Errorf("got %+v", c)
	}
}

func TestLog(t *testing.T) {
	c := load(t, "[log]\nLEVEL = Debug\nFORMAT = json\n")
	if c.Level() != slog.LevelDebug || c.LogFormat != "json" {
		t.Errorf("level %v, format %s", c.Level(), c.LogFormat)
	}
	c, err := Load(Flags{Config: c.File, LogLevel: "error", LogFormat: "text"}, nil)
	if err != nil || c.Level() != slog.LevelError || c.LogFormat != "text" {
		t.Errorf("with flags: level %v, format %s, %v", c.Level(), c.LogFormat, err)
	}
}

func TestDefines(t *testing.T) {
	c := load(t, `
[define]
perMinute = perSecond({{.argString}})|scale(60)  ; for people
Share: asPercent({{index .args 0}},
  {{index .args 1}})|alias("%% of all")
`, "define.twice={{.argString}}|scale(2)")
	want := map[string]string{
		"perMinute": "perSecond({{.argString}})|scale(60)",
		"Share":     "asPercent({{index .args 0}},\n{{index .args 1}})|alias(\"% of all\")",
		"twice":     "{{.argString}}|scale(2)",
	}
	if !reflect.DeepEqual(c.Define, want) {
		t.Errorf("got %q, want %q", c.Define, want)
	}
}

func TestHashes(t *testing.T) {
	c := load(t, "[hash:Hosts]\ni-0A1 = shop 1\ni-0a2 = shop 2\n", "hash:hosts.i-0a3=shop 3")
	want := map[string]map[string]string{"hosts": {"i-0A1": "shop 1", "i-0a2": "shop 2", "i-0a3": "shop 3"}}
	if !reflect.DeepEqual(c.Hashes, want) {
		t.Errorf("got %q, want %q", c.Hashes, want)
	}
}

func TestLineInterface(t *testing.T) {
	for iface, want := range map[string]string{"": ":2003", "127.0.0.1": "127.0.0.1:2003", "::": "[::]:2003", "::1": "[::1]:2003"} {
		if c := load(t, "[cache]\nLINE_RECEIVER_INTERFACE = "+iface+"\n"); c.Line != want {
			t.Errorf("%q: listens on %s, want %s", iface, c.Line, want)
		}
	}
}

func TestConfigPrecedence(t *testing.T) {
	path := write(t, "[http]\nURL_PREFIX = /file\n[cache]\nMIN_TIMESTAMP_RESOLUTION = 1\nMAX_CACHE_SIZE = 5\n")
	c, err := Load(
		Flags{Config: path, Set: []string{"http.url_prefix=/flag"}, HTTP: "127.0.0.1:1"},
		[]string{"CARBON_HTTP__URL_PREFIX=/environment", "CARBON_CACHE__MIN_TIMESTAMP_RESOLUTION=2", "CARBON_SHELL=zsh"},
	)
	if err != nil {
		t.Fatal(err)
	}
	if c.Web.URLPrefix != "/flag" || c.Cache.MinTimestampResolution != 2 || c.Cache.MaxCacheSize != 5 || c.HTTP != "127.0.0.1:1" {
		t.Errorf("got %+v", c)
	}
}

func TestDataDirectories(t *testing.T) {
	f := func(content string, flags Flags, wantData, wantWhisper string) {
		t.Helper()
		flags.Config = write(t, content)
		c, err := Load(flags, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.Data != wantData || c.Whisper != wantWhisper {
			t.Errorf("%q: data %s, whisper %s; want %s, %s", content, c.Data, c.Whisper, wantData, wantWhisper)
		}
	}
	f("", Flags{}, "data", "data/whisper")
	f("", Flags{Data: "/srv/x"}, "/srv/x", "/srv/x/whisper")
	f("[cache]\nLOCAL_DATA_DIR = /var/lib/graphite/whisper/", Flags{}, "/var/lib/graphite", "/var/lib/graphite/whisper/")
	f("[cache]\nSTORAGE_DIR = /opt/s\nLOCAL_DATA_DIR = /opt/w", Flags{}, "/opt/s", "/opt/w")
	f("[cache]\nSTORAGE_DIR = /opt/s", Flags{}, "/opt/s", "/opt/s/whisper")
	f("[cache]\nLOCAL_DATA_DIR = /opt/w", Flags{Data: "/srv/x"}, "/srv/x", "/srv/x/whisper")
}

// TestStockConfig reads the unchanged file that Debian's graphite-carbon installs.
func TestStockConfig(t *testing.T) {
	c, err := Load(Flags{Config: "testdata/debian-carbon.conf"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Whisper != "/var/lib/graphite/whisper/" || c.Data != "/var/lib/graphite/" || c.Cache.MaxUpdatesPerSecond != 500 || c.Line != "0.0.0.0:2003" {
		t.Errorf("got %+v", c)
	}
	warnings := strings.Join(c.Warning, "\n")
	for _, want := range []string{"[relay] is not supported", "[aggregator] is not supported", "USER: "} {
		if !strings.Contains(warnings, want) {
			t.Errorf("no warning about %q in:\n%s", want, warnings)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	f := func(content, want string) {
		t.Helper()
		path := write(t, content)
		_, err := Load(Flags{Config: path}, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", content, err, want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), path+":") {
			t.Errorf("%q: %v does not begin with the path of the file", content, err)
		}
	}
	f("[cache]\nMAX_CACHE_SIZES = 1\n", ":2: unknown key MAX_CACHE_SIZES in [cache]")
	f("[define]\nhalf = scale({{.argString},0.5)\n", ":2: define half: ")
	f("[define]\nper-minute = scale({{.argString}},60)\n", `:2: define "per-minute": not a function name`)
	f("[cache]\nMAX_CACHE_SIZE = many\n", `:2: MAX_CACHE_SIZE: "many": want a whole number`)
	f("[cache]\nMAX_CACHE_SIZE = -1\n", "want a whole number")
	f("[cache]\nWHISPER_SPARSE_CREATE = maybe\n", "want True or False")
	f("[cache]\nWRITE_DELAY = soon\n", "want a duration")
	f("\n[cash]\n", ":2: unknown section [cash]")
	f("MAX_CACHE_SIZE = 1\n", ":1: ")
}

func TestConfigFlagErrors(t *testing.T) {
	f := func(flags Flags, environ []string, want string) {
		t.Helper()
		flags.Config = write(t, "")
		if _, err := Load(flags, environ); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f(Flags{Set: []string{"nonsense"}}, nil, "want SECTION.KEY=VALUE")
	f(Flags{Set: []string{"cache.NOPE=1"}}, nil, "--set cache.NOPE: unknown key NOPE in [cache]")
	f(Flags{Set: []string{"http.TIME_ZONE=Mars/Olympus"}}, nil, "TIME_ZONE")
	f(Flags{}, []string{"CARBON_CACHE__NOPE=1"}, "CARBON_CACHE__NOPE: unknown key")
	f(Flags{LogLevel: "loud"}, nil, "--log-level loud")
	f(Flags{LogFormat: "xml"}, nil, "--log-format xml")
}
