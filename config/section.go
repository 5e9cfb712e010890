package config

import "strings"

// section is one section of carbon.conf.
type section struct {
	name string // in lower case
	doc  string
	keys []key[Config]
}

// sections are the sections with fixed keys, in the order of carbon.conf. freeSections
// follow them.
var sections = []section{
	{"cache", "Directories, receivers, the cache and whisper files, mostly with carbon's keys.", cacheKeys},
	{"wal", "The write-ahead log, in the directory wal of the data directory. It keeps points until they are stored.", walKeys},
	{"storage", "The whisper tree.", storageKeys},
	{"http", "The HTTP listener, for queries, HTTP receivers, the user interface and health checks.", httpKeys},
	{"auth", "Rights of HTTP clients. The server reloads this section at SIGHUP. Other listeners have no access control.", authKeys},
	{"tls", "TLS for the HTTP listener and other listeners.", tlsKeys},
	{"log", "The log, which the server writes to stderr.", logKeys},
	{"limits", "Limits on what clients may send and query.", limitsKeys},
	{"statsd", "A statsd server, which aggregates values and stores the aggregates. Keys in lower case are statsd's own.", statsdKeys},
	{"mmstats", "A poller of the files that programs with the mmstats library write.", mmstatsKeys},
	{"influx", "InfluxDB clients. The HTTP listener always serves /write, /api/v2/write, /ping and /query too.", influxKeys},
	{"zeromq", "A receiver of ZeroMQ publishers, and Zibrato's broker.", zeroMQKeys},
	{"redis", "A worker that takes datapoints from Redis lists, as metrics_talk's workers do.", redisKeys},
}

// freeSection is a section whose name or keys the user chooses.
type freeSection struct {
	prefix  string // in lower case
	written string // name in the documentation
	doc     string
	example string
}

var freeSections = []freeSection{
	{
		"listener:", "listener:NAME", `An additional listener for datapoints. There may be any number of these sections. NAME identifies the listener in logs, in the server's own series and in the ports file.`,
		"ADDRESS = 0.0.0.0:2013\nFORMAT = line\nTLS = True",
	},
	{
		"define", "define", `Your own functions, NAME = TEMPLATE. In targets, the server replaces a call of NAME with the text of the template, in the syntax of Go's text/template. {{.argString}} is the text of all arguments, {{index .args 0}} the first argument, {{index .kwargs "key"}} the argument given as key=value. NAME is case-sensitive. It may be the name of a built-in function, which it then replaces; the template may call that function as its outermost function.`,
		"perMinute = perSecond({{.argString}})|scale(60)\nerrorRate = asPercent({{index .args 0}}.errors,{{index .args 0}}.requests)|alias(\"{{index .args 0}}\")",
	},
	{
		"hash:", "hash:KEY", `Names for the function aliasByHash(SERIES,"KEY"). NODE = NAME gives the name NAME to series whose last node is NODE. NODE is case-sensitive, KEY is not.`,
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

// knownSection reports whether there is a section with that name, in lower case.
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
