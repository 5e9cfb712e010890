package carbon_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// row is one package: what it provides, and which packages of this module its
// code (tests aside) imports. A package may only import packages of rows below its own.
type row struct {
	path     string
	provides string
	imports  string // "*": anything below
}

// packages is the architecture, from what runs down to the words everybody uses.
// ARCHITECTURE.md shows the same table. A new import is a decision: say why in the commit.
var packages = []row{
	{"cmd/carbon", "commands and flags", "*"},
	{"server", "opens, wires, reloads and closes one process", "*"},
	{"config", "carbon.conf, environment, flags -> Config; the parsers of the other files", ". api api/htpasswd cache codec/ini ingest ingest/filter receive receive/amqp receive/frame receive/hostedgraphite receive/httpintake receive/influx receive/metricstalk receive/mmstats receive/plaintext receive/redis receive/statsd receive/zeromq receive/zibrato records render render/graph render/target storage/schema wal"},
	{"config/watch", "values parsed from files, parsed again when the files change", ""},

	{"api", "HTTP: parameters in, status and encoding out", "attime codec/msgpack codec/pickle codec/protobuf codec/pyjson metric records render render/function render/graph render/target storage web"},
	{"api/htpasswd", "password files as Apache's htpasswd writes them", ""},
	{"web", "pages and style sheets, embedded; the user interface in TypeScript (web/ui)", ""},
	{"records", "events, dashboards with their versions, saved graphs, short URLs, in SQLite", ""},

	{"render", "parse, bind, plan, fetch, evaluate, consolidate, encode", "codec/msgpack codec/pickle codec/protobuf codec/pyjson metric render/function render/target storage"},
	{"render/graph", "graph options, templates, axes, layout, pies; SVG and PDF", "aggregate attime codec/ini render/function render/graph/raster"},
	{"render/graph/raster", "paths and masks to pixels, pixels to PNG", ""},
	{"render/function", "the registry, and every function in one row", "aggregate attime codec/pyjson metric regex render/target"},
	{"render/target", "the target language: parse, tree, print; macros of [define]", ""},

	{"receive/influx", "InfluxDB's line protocol over HTTP", "metric receive/httpintake receive/number"},
	{"receive/hostedgraphite", "Hosted Graphite's /api/v1/sink", "metric receive/httpintake receive/plaintext"},
	{"receive/librato", "Librato's /v1/metrics", "codec/pyjson metric receive/httpintake receive/jsonpoint"},
	{"receive/opentsdb", "OpenTSDB's /api/put", "codec/pyjson metric receive/httpintake receive/jsonpoint receive/number"},
	{"receive/httplines", "plaintext lines over HTTP: /ingest", "metric receive/httpintake receive/plaintext"},
	{"receive/httpintake/httpintaketest", "tests of handlers that receive datapoints", "metric receive/httpintake receive/receivetest"},
	{"receive/httpintake", "reading and acknowledging HTTP bodies that hold datapoints", "codec/pyjson instrumentation metric receive receive/jsonpoint"},
	{"receive/amqp", "a consumer of an AMQP broker", "instrumentation metric receive receive/redial"},
	{"receive/zeromq", "ZeroMQ publishers that connect or are connected to; Zibrato's broker", "instrumentation metric receive receive/memory receive/metricstalk receive/zeromq/zmtp receive/zibrato"},
	{"receive/zeromq/zmtp", "ZeroMQ's wire protocol, versions 1.0 to 3.1", "receive/memory"},
	{"receive/redis", "Redis lists as queues that lose no element", "instrumentation metric receive receive/redial"},
	{"receive/metricstalk", "messages of metrics_talk (compressed JSON)", "codec/pyjson metric receive/jsonpoint"},
	{"receive/zibrato", "messages of Zibrato, and its counters", "metric receive/number"},
	{"receive/statsd", "statsd: packets to aggregates to datapoints; its management port", "instrumentation metric receive receive/udp"},
	{"receive/mmstats", "mmstats files, polled", "instrumentation metric receive"},
	{"receive/udp", "datagrams of lines, many per system call", "instrumentation instrumentation/loglimit metric receive"},
	{"receive/pickle", "carbon's pickle frames", "codec/pickle metric receive receive/frame receive/number"},
	{"receive/protobuf", "carbon's Protocol Buffers frames", "codec/protobuf metric receive receive/frame receive/number"},
	{"receive/carbonlink", "the cache queries of graphite-web", "codec/pickle instrumentation metric receive receive/frame"},
	{"receive/plaintext", "name value epoch lines", "metric receive receive/number"},
	{"receive/frame", "streams of length-prefixed frames", "receive receive/memory"},
	{"receive/memory", "a bound for the memory of unfinished messages", ""},
	{"receive/jsonpoint", "values and times of datapoints in JSON", "codec/pyjson receive/number"},
	{"receive/number", "numbers and times as clients write them", ""},
	{"receive/receivetest", "streams in memory; recorded streams and the datapoints formats must make of them, as tests", "metric receive"},
	{"receive", "the contracts of receivers and formats; TCP server and client: limits, deadlines, TLS, gzip, shutdown", "instrumentation instrumentation/loglimit metric receive/redial"},
	{"receive/redial", "connecting to a peer again and again", ""},

	{"ingest", "names, write-ahead log, cache, writer, checkpoint, replay", "cache codec/compact instrumentation/loglimit metric storage wal"},
	{"ingest/filter", "whitelist.conf and blacklist.conf", "codec/ini regex"},
	{"cache", "pending points, and answers from them and a Store together", "codec/compact metric storage"},
	{"wal", "the write-ahead log: checksummed records in segments", "disk"},

	{"storage/whisper/tool", "`carbon whisper`: files and trees, without a server", "aggregate attime codec/pyjson disk metric storage/schema storage/whisper"},
	{"storage/whisper", "the Store over a tree of whisper files", "aggregate disk metric storage storage/index storage/schema"},
	{"storage/index", "in-memory index of the metrics that exist, by name and by tag", "disk metric regex"},
	{"storage/schema", "storage-schemas.conf and storage-aggregation.conf", "aggregate codec/ini metric"},
	{"storage/storagetest", "tests for implementations of Store", "metric storage"},
	{"storage", "the interface Store, optional interfaces, and their errors", "metric"},
	{"disk/disktest", "simulated disk that fills up, fails and loses power, for tests", "disk"},
	{"disk", "the file system calls of the storage packages, as an interface", ""},

	{"instrumentation", "metrics about the server itself, as carbon.agents series and for Prometheus", "metric"},
	{"instrumentation/loglimit", "counts events by reason and limits how often each is logged", ""},

	{"codec/ini", "carbon's configuration file syntax", ""},
	{"codec/pickle", "Python pickles of plain values", ""},
	{"codec/msgpack", "MessagePack", ""},
	{"codec/protobuf", "Protocol Buffers messages, field by field", ""},
	{"codec/pyjson", "JSON as Python's json module reads and writes it", ""},
	{"codec/compact", "points in few bytes", ""},

	{"metric", "Point, Datapoint, Series, Window, Tags, Layout; name rules; glob patterns", ""},
	{"aggregate", "sum, average, last and others over values", ""},
	{"attime", "the grammar of from and until", ""},
	{"regex", "Python's regular expressions, with bounds", ""},
	{".", "files embedded from the top of the repository", ""},

	{"test/bench", "the loads that docs/performance.md reports", "disk metric storage storage/schema storage/whisper test/launch"},
	{"test/conformance", "the built binary against recorded answers of graphite-web", ""},
	{"test/crash", "the built binary, killed and starved", ""},
	{"test/browser", "the built binary in a browser", ""},
	{"test/clients", "the built binary and real clients", ""},
	{"test/launch", "builds the server, starts, stops and kills it, for the packages above", ""},
}

// rank is where a package stands in packages; -1: it does not.
func rank(path string) int {
	return slices.IndexFunc(packages, func(r row) bool { return r.path == path })
}

// TestImports checks the imports of every package against packages: each import is
// listed and points down, and each that is listed is used.
func TestImports(t *testing.T) {
	imports := importsByPackage(t)
	for path, used := range imports {
		if rank(path) < 0 {
			t.Errorf("package %s is not in the table packages: add its row", path)
			continue
		}
		r := packages[rank(path)]
		allowed := strings.Fields(r.imports)
		for _, to := range used {
			if !slices.Contains(allowed, to) && r.imports != "*" {
				t.Errorf("%s imports %s, which its row does not list", path, to)
			}
			if rank(to) < rank(path) && !strings.HasPrefix(path, "test/") {
				t.Errorf("%s imports %s, which stands above it", path, to)
			}
		}
		for _, to := range allowed {
			if !slices.Contains(used, to) && to != "*" {
				t.Errorf("%s does not import %s, which its row lists", path, to)
			}
		}
	}
	for _, r := range packages {
		if _, exists := imports[r.path]; !exists {
			t.Errorf("%s has a row and does not exist", r.path)
		}
	}
}

var update = flag.Bool("update", false, "write the table of packages into ARCHITECTURE.md")

// TestArchitectureTable checks that ARCHITECTURE.md shows the table packages.
func TestArchitectureTable(t *testing.T) {
	const begin, end = "<!-- packages: begin; go test . -update writes this table -->\n", "<!-- packages: end -->\n"
	content, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(content), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("ARCHITECTURE.md has no place for the table of packages")
	}
	var table strings.Builder
	table.WriteString("\n| package | provides | imports |\n|---|---|---|\n")
	for _, r := range packages {
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", r.path, r.provides, strings.ReplaceAll(r.imports, "*", "anything"))
	}
	table.WriteString("\n")
	want := before + begin + table.String() + end + after
	if want == string(content) {
		return
	}
	if !*update {
		t.Fatal("ARCHITECTURE.md differs from the table packages: run go test . -update")
	}
	if err := os.WriteFile("ARCHITECTURE.md", []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// importsByPackage lists what each package of this module imports of it.
func importsByPackage(t *testing.T) map[string][]string {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return imports
		} else if err != nil {
			t.Fatal(err)
		}
		path, _ := inModule(p.ImportPath)
		imports[path] = nil
		for _, i := range p.Imports {
			if to, ours := inModule(i); ours {
				imports[path] = append(imports[path], to)
			}
		}
	}
}

// inModule returns the directory of a package of this module.
func inModule(importPath string) (path string, ours bool) {
	if importPath == "carbon" {
		return ".", true
	}
	return strings.CutPrefix(importPath, "carbon/")
}
