package api

import (
	"iter"
	"maps"
	"slices"
)

// Media types that many routes answer with.
const (
	mediaJSON    = "application/json"
	mediaHTML    = "text/html"
	mediaText    = "text/plain"
	mediaPickle  = "application/pickle"
	mediaMsgpack = "application/x-msgpack"
)

// Parameters that several routes have.
var (
	fromParam   = Param{Name: "from", Type: "string", Doc: "Begin of the time range: -1h, 14:00_20261102, seconds since 1970, and so on."}
	untilParam  = Param{Name: "until", Type: "string", Doc: "End of the time range, written as from."}
	tzParam     = Param{Name: "tz", Type: "string", Doc: "Time zone of times and dates, such as Europe/Berlin."}
	nowParam    = Param{Name: "now", Type: "string", Doc: "The time that relative times count from; default: the current time."}
	jsonpParam  = Param{Name: "jsonp", Type: "string", Doc: "Name of a JavaScript function. The answer is a call of it with the JSON."}
	prettyParam = Param{Name: "pretty", Type: "boolean", Doc: "Indent JSON."}
	localParam  = Param{Name: "local", Type: "integer", Doc: "Ignored. Graphite-web sends it to the members of its cluster."}

	queryParam      = Param{Name: "query", Type: "string", Doc: "A pattern: *, ?, [a-z] and {a,b} match within a node, ** across nodes."}
	queriesParam    = Param{Name: "query", Type: "list of string", Doc: "Patterns, as for /metrics/find."}
	leavesOnlyParam = Param{Name: "leavesOnly", Type: "integer", Doc: "1: only metrics, no branches."}
	listFormatParam = Param{Name: "format", Type: "string", Doc: "Format of the answer; default json.", Options: optionsOf(maps.Keys(messageFormats), slices.Values([]string{"json"}))}
	filterParam     = Param{Name: "filter", Type: "string", Doc: "Regular expression that the beginning must match."}
	limitParam      = Param{Name: "limit", Type: "integer", Doc: "Maximum number of results."}
	exprParam       = Param{Name: "expr", Type: "list of string", Doc: "Tag expressions: tag=value, tag!=value, tag=~regex, tag!=~regex."}

	dashboardNameParam = Param{Name: "name", Type: "string", Doc: "Name of a dashboard."}
	templateNameParam  = Param{Name: "name", Type: "string", Doc: "Name of a dashboard template."}
	templateValueParam = Param{Name: "value", Type: "string", Doc: "Text that replaces the template's key."}
	stateParam         = Param{Name: "state", Type: "string", Doc: "The dashboard, a JSON object.", Required: true}
	forgetParam        = Param{Name: "forget", Type: "integer", Doc: "1: delete all versions for good."}
	wordsParam         = Param{Name: "query", Type: "string", Doc: "Words that the name must contain, in upper or lower case."}
)

// optionsOf returns the distinct words of lists, sorted.
func optionsOf(lists ...iter.Seq[string]) (all []string) {
	for _, list := range lists {
		all = slices.AppendSeq(all, list)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(word string) bool { return word == "" })
}
