package config

import "strings"

// section is one section of carbon.conf.
type section struct {
	name string // in lower case
	doc  string
	keys []key[Config]
}

// sections are the sections with fixed keys, in the order of carbon.conf.
// [listener:NAME], [define] and [hash:KEY], whose names or keys a site chooses,
// follow them.
var sections = []section{
	{"cache", "Carbon's keys for receiving and storing. An existing carbon.conf is read unchanged.", cacheKeys},
	{"wal", "The write-ahead log, DIR/wal. It holds every point until it is stored durably.", walKeys},
	{"storage", "The whisper tree.", storageKeys},
	{"http", "The HTTP port: render, find, tags, events, HTTP intake, user interface, health.", httpKeys},
	{"auth", "Rights of HTTP clients. SIGHUP reloads this section. Ports other than HTTP ask for no token.", authKeys},
	{"tls", "TLS for the HTTP port and, if wanted, the receivers.", tlsKeys},
	{"limits", "Bounds of what clients may send and ask for.", limitsKeys},
	{"statsd", "A statsd server: it aggregates packets and stores the results. Keys in lower case are statsd's own.", statsdKeys},
	{"mmstats", "A poller of the files that programs with mmstats keep.", mmstatsKeys},
	{"influx", "InfluxDB clients. The HTTP port always answers /write, /api/v2/write, /ping and /query.", influxKeys},
	{"zeromq", "ZeroMQ publishers, and a broker for Zibrato.", zeroMQKeys},
	{"redis", "A worker that takes metrics from Redis lists, as metrics_talk fills them.", redisKeys},
}

// freeSection is a section whose name or keys a site chooses.
type freeSection struct {
	prefix  string // in lower case
	written string // as documentation writes the section
	doc     string
	example string
}

var freeSections = []freeSection{
	{
		"listener:", "listener:NAME", `One more port for points. Any number of such sections is possible; NAME stands in logs, self metrics and the ports file.`,
		"ADDRESS = 0.0.0.0:2013\nFORMAT = line\nTLS = True",
	},
	{
		"define", "define", `Functions made of others: NAME = TEMPLATE; the case of NAME counts. A call in a target is replaced by the result of the template (Go's text/template) over {{.argString}}, all arguments; {{index .args 0}}, the first; {{index .kwargs "key"}}, the one given as key=value. Write % as %%; " ;" begins a comment. NAME may be that of a function: it then hides the function, and its template may call the function outermost.`,
		"perMinute = perSecond({{.argString}})|scale(60)\nerrorRate = asPercent({{index .args 0}}.errors,{{index .args 0}}.requests)|alias(\"{{index .args 0}}\")",
	},
	{
		"hash:", "hash:KEY", `Names for aliasByHash(SERIES,"KEY"): NODE = NAME replaces the last node of a path.`,
		"i-0a1b2c3d = shop 1",
	},
}

// findSection returns the section with fixed keys of that name, or nil.
func findSection(name string) *section {
	for i := range sections {
		if sections[i].name == name {
			return &sections[i]
		}
	}
	return nil
}

// knownSection reports whether a section of that name, in lower case, is ours.
func knownSection(name string) bool {
	if findSection(name) != nil {
		return true
	}
	for _, s := range freeSections {
		if name == s.prefix || strings.HasSuffix(s.prefix, ":") && strings.HasPrefix(name, s.prefix) {
			return true
		}
	}
	return false
}
