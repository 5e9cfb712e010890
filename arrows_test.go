package carbon_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says for every room which rooms it may import: the architecture as
// ARCHITECTURE.md draws it. A new arrow is a decision.
var arrows = map[string]string{
	"metric":                    "",
	"aggregate":                 "",
	"attime":                    "",
	"ini":                       "",
	".":                         "",
	"web":                       "",
	"regex":                     "",
	"pickle":                    "",
	"msgpack":                   "",
	"protobuf":                  "",
	"pyjson":                    "",
	"zmtp":                      "",
	"render/target":             "",
	"htpasswd":                  "",
	"tally":                     "",
	"number":                    "",
	"compact":                   "",
	"disk":                      "",
	"disk/disktest":             "disk",
	"wal":                       "disk",
	"schema":                    "metric aggregate ini",
	"storage":                   "metric",
	"storage/index":             "metric disk regex",
	"filter":                    "regex",
	"receive/plaintext":         "metric number",
	"receive/talk":              "metric number pyjson",
	"receive/zibrato":           "metric number",
	"receive/statsd":            "metric",
	"receive/mmstats":           "metric",
	"receive/framed":            "",
	"receive/posted":            "metric number pyjson",
	"receive/posted/postedtest": "metric receive/posted receive/vectortest",
	"receive/influx":            "metric number receive/posted",
	"receive/sink":              "metric receive/plaintext receive/posted",
	"receive/librato":           "metric pyjson receive/posted",
	"receive/opentsdb":          "metric number pyjson receive/posted",
	"receive/lines":             "metric receive/plaintext receive/posted",
	"receive/protobuf":          "metric number protobuf receive/framed",
	"carbonlink":                "metric pickle receive/framed",
	"amqp":                      "metric tally",
	"receive/udp":               "metric receive tally",
	"receive/pickle":            "metric number pickle receive/framed",
	"receive/vectortest":        "metric",
	"instrumentation":           "metric",
	"records":                   "",
	"storage/whisper":           "metric aggregate disk schema storage storage/index",
	"storage/whisper/tool":      "metric aggregate attime disk schema storage/whisper",
	"storage/storagetest":       "metric storage",
	"cache":                     "metric aggregate compact storage",
	"receive":                   "metric tally",
	"receive/zeromq":            "metric receive zmtp",
	"receive/redis":             "metric",
	"render/function":           "metric aggregate attime regex render/target",
	"ingest":                    "metric cache compact storage tally wal",
	"render/graph/raster":       "",
	"render/graph":              "metric attime aggregate ini render/function render/graph/raster",
	"render":                    "metric attime msgpack pickle protobuf storage render/target render/function render/graph",
	"api":                       "metric attime msgpack pickle protobuf records storage render render/function render/graph render/target web",
	"cmd/carbon":                "*",
	"bench":                     "*",
	"conformance":               "*",
	"crash":                     "*",
	"browser":                   "web",
	"clients":                   "",
}

// TestArrows holds the imports of every package against arrows.
func TestArrows(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		room, _ := roomOf(p.ImportPath)
		allowed, known := arrows[room]
		if !known {
			t.Errorf("room %s is not on the plan: say in arrows what it may import", room)
			continue
		}
		for _, imported := range p.Imports {
			if to, ours := roomOf(imported); ours && allowed != "*" && !slices.Contains(strings.Fields(allowed), to) {
				t.Errorf("%s imports %s, which points the wrong way", room, to)
			}
		}
	}
}

// roomOf names a package of this module by its directory.
func roomOf(importPath string) (room string, ours bool) {
	if importPath == "carbon" {
		return ".", true
	}
	return strings.CutPrefix(importPath, "carbon/")
}
