package api

import (
	"iter"
	"maps"
	"slices"
)

// Names of media types that many operations answer with.
const (
	mediaJSON    = "application/json"
	mediaHTML    = "text/html"
	mediaText    = "text/plain"
	mediaPickle  = "application/pickle"
	mediaMsgpack = "application/x-msgpack"
)

// operations are all that can be done with all paths. A test holds them against
// the routes.
func operations() []operation {
	const get, post, both = "GET", "POST", "GET POST"
	drawn := []string{"target!", "from", "until", "tz", "now", "format:render", "graphType", "width", "height", "title", "template", "maxDataPoints", "noNullPoints", "xFilesFactor", "noCache", "cacheTimeout", "jsonp", "pretty"}
	found := []string{"query!", "format:find", "from", "until", "tz", "leavesOnly", "wildcards", "automatic_variants", "position", "jsonp", "pretty", "local"}
	events := []string{"tags", "set", "from", "until", "jsonp"}
	return []operation{
		{path: "/render", methods: both, id: "render", params: drawn, body: `{"target":["a.b"],"from":"-1h","format":"json"}`, answers: []string{"image/png", mediaJSON, "text/csv", mediaText, mediaPickle, mediaMsgpack, messages2, messages3}, about: "Evaluates targets, and draws them or writes their points. Takes all of graphite-web's parameters of pictures too."},
		{path: "/metrics/find", methods: both, id: "find", params: found, body: `{"query":"a.*"}`, answers: []string{mediaJSON, mediaPickle, mediaMsgpack, messages2, messages3}, about: "What there is that matches a pattern."},
		{path: "/metrics", methods: both, id: "findShort", params: found, body: `{"query":"a.*"}`, answers: []string{mediaJSON, mediaPickle, mediaMsgpack, messages2, messages3}, about: "As /metrics/find."},
		{path: "/metrics/expand", methods: both, id: "expand", params: []string{"query:list", "groupByExpr", "leavesOnly", "jsonp", "pretty", "local"}, body: `{"query":["a.*"]}`, answers: []string{mediaJSON}, about: "The paths that patterns stand for."},
		{path: "/metrics/search", methods: both, id: "search", params: []string{"query:search", "limit:search", "jsonp", "pretty"}, answers: []string{mediaJSON}, about: "The first nodes that match, for who types: {\"results\": [{\"path\": PATH, \"leaf\": true}], \"more\": false}."},
		{path: "/metrics/index.json", methods: both, id: "index", params: []string{"jsonp", "pretty", "local"}, answers: []string{mediaJSON}, about: "The names of all metrics."},
		{path: "/metrics/list", methods: both, id: "list", params: []string{"format:list"}, answers: []string{mediaJSON, messages2, messages3}, about: "The names of all metrics, as go-carbon gives them."},
		{path: "/metrics/list_query", methods: both, id: "listQuery", params: []string{"target:one!", "limit", "leaf_only", "stats_only", "jsonp"}, answers: []string{mediaJSON}, about: "Metrics that match patterns, with what they take on disk, as go-carbon gives them."},
		{path: "/metrics/details", methods: both, id: "details", params: []string{"format:list"}, answers: []string{mediaJSON, messages2, messages3}, about: "All metrics with what they take on disk, and how full that is, as go-carbon gives them."},
		{path: "/metrics/get-metadata", methods: both, id: "getMetadata", params: []string{"metric", "key!", "jsonp"}, answers: []string{mediaJSON}, about: "How metrics are rolled up: {METRIC: {\"value\": METHOD}}, or {\"error\": WHY} in its place."},
		{path: "/metrics/set-metadata", methods: both, id: "setMetadata", params: []string{"metric:one", "key", "value", "operations"}, body: `[{"metric":"a.b","key":"aggregationMethod","value":"sum"}]`, answers: []string{mediaJSON}, admin: true, about: "Changes how metrics are rolled up: a GET one, a POST a list of them as JSON or in operations."},
		{path: "/metrics/delete", methods: post, id: "deleteMetrics", params: []string{"query:list", "name"}, answers: []string{mediaJSON}, admin: true, about: "Deletes metrics with all their points, by patterns and by names: {\"deleted\": HOW MANY}."},
		{path: "/info", methods: both, id: "info", params: []string{"target!", "format:list"}, answers: []string{mediaJSON, messages2, messages3}, about: "How metrics are kept, as go-carbon tells it."},
		{path: "/_internal/capabilities", methods: both, id: "capabilities", params: []string{"format:list"}, answers: []string{mediaJSON, messages2, messages3}, about: "What messages this server takes, for carbonapi."},
		{path: "/version", methods: both, id: "version", answers: []string{mediaHTML}, about: "The version of graphite-web whose API this is."},
		{path: "/functions", methods: get, id: "functions", params: []string{"group", "grouped", "type", "pretty"}, answers: []string{mediaJSON}, about: "The functions of targets."},
		{path: "/functions/{name}", methods: get, id: "function", params: []string{"name:function", "type", "pretty"}, answers: []string{mediaJSON}, about: "A function of targets."},

		{path: "/tags", methods: get, id: "tags", params: []string{"filter", "limit", "jsonp", "pretty"}, answers: []string{mediaJSON}, about: "All tags."},
		{path: "/tags/{tag}", methods: get, id: "tagValues", params: []string{"tag", "filter", "limit", "jsonp", "pretty"}, answers: []string{mediaJSON}, about: "The values of a tag, and of how many series each is."},
		{path: "/tags/findSeries", methods: both, id: "findSeries", params: []string{"expr!", "jsonp", "pretty"}, answers: []string{mediaJSON}, about: "The names of series for which all tag expressions hold."},
		{path: "/tags/autoComplete/tags", methods: both, id: "completeTags", params: []string{"expr", "tagPrefix", "limit", "jsonp", "pretty"}, answers: []string{mediaJSON}, about: "Tags of series, for editors."},
		{path: "/tags/autoComplete/values", methods: both, id: "completeValues", params: []string{"tag!", "expr", "valuePrefix", "limit", "jsonp", "pretty"}, answers: []string{mediaJSON}, about: "Values of a tag, for editors."},
		{path: "/tags/tagSeries", methods: post, id: "tagSeries", params: []string{"path!"}, answers: []string{mediaJSON}, about: "Makes a series known by its tags."},
		{path: "/tags/tagMultiSeries", methods: post, id: "tagMultiSeries", params: []string{"path:list!"}, answers: []string{mediaJSON}, about: "Makes several series known by their tags."},
		{path: "/tags/delSeries", methods: post, id: "delSeries", params: []string{"path:list!"}, answers: []string{mediaJSON}, admin: true, about: "Forgets the tags of series, but deletes none of their points."},

		{path: "/events", methods: get, id: "events", params: events, answers: []string{mediaHTML}, about: "A page of what happened."},
		{path: "/events", methods: post, id: "recordEvent", body: `{"what":"deployed","tags":["web"],"data":"version 7","when":1793613660}`, answers: []string{mediaHTML}, about: "Records what happened."},
		{path: "/events/get_data", methods: both, id: "eventsData", params: events, answers: []string{mediaJSON}, about: "What happened, as JSON."},
		{path: "/events/delete", methods: post, id: "deleteEvents", params: []string{"id:list", "tags", "set", "from", "until"}, answers: []string{mediaJSON}, admin: true, about: "Deletes events, by their numbers or as /events/get_data finds them: {\"deleted\": HOW MANY}."},
		{path: "/events/{id}", methods: get, id: "event", params: []string{"id"}, answers: []string{mediaHTML, mediaJSON}, about: "One event."},

		{path: "/dashboard", methods: get, id: "dashboards", answers: []string{mediaHTML}, about: "A page of all dashboards."},
		{path: "/dashboard/help", methods: get, id: "dashboardHelp", answers: []string{mediaHTML}, about: "As /dashboard, which says how to use it."},
		{path: "/dashboard/{name}", methods: get, id: "dashboard", params: []string{"name:dashboard"}, answers: []string{mediaHTML}, about: "A page of the graphs of a dashboard."},
		{path: "/dashboard/{name}/{value}", methods: get, id: "dashboardOfTemplate", params: []string{"name:template", "value:template"}, answers: []string{mediaHTML}, about: "A page of the graphs that a template makes of a value."},
		{path: "/dashboard/load/{name}", methods: both, id: "loadDashboard", params: []string{"name:dashboard", "version"}, answers: []string{mediaJSON}, about: "A dashboard: {\"state\": {…}}, or {\"error\": WHY}."},
		{path: "/dashboard/load/{name}/{value}", methods: both, id: "loadTemplateShort", params: []string{"name:template", "value:template"}, answers: []string{mediaJSON}, about: "As /dashboard/load_template."},
		{path: "/dashboard/load_template/{name}/{value}", methods: both, id: "loadTemplate", params: []string{"name:template", "value:template"}, answers: []string{mediaJSON}, about: "The dashboard that a template makes of a value, as /dashboard/load gives it."},
		{path: "/dashboard/find", methods: both, id: "findDashboards", params: []string{"query:words"}, answers: []string{mediaJSON}, about: "Names of dashboards, but of temporary ones: {\"dashboards\": [{\"name\": NAME}]}."},
		{path: "/dashboard/find_template", methods: both, id: "findTemplates", params: []string{"query:words"}, answers: []string{mediaJSON}, about: "Names of templates: {\"templates\": [{\"name\": NAME}]}."},
		{path: "/dashboard/save/{name}", methods: post, id: "saveDashboard", params: []string{"name:dashboard", "state!"}, answers: []string{mediaJSON}, about: "Saves a dashboard as a new version of what has its name."},
		{path: "/dashboard/save_template/{name}/{key}", methods: post, id: "saveTemplate", params: []string{"name:template", "key:template", "state!"}, answers: []string{mediaJSON}, about: "Saves a dashboard as a template, in which values take the place of a text."},
		{path: "/dashboard/create-temporary", methods: post, id: "saveTemporary", params: []string{"state!"}, answers: []string{mediaJSON}, about: "Saves a dashboard under a new name: {\"name\": \"temporary-0\"}. Of more than 1000 of them the oldest go."},
		{path: "/dashboard/delete/{name}", methods: both, id: "deleteDashboard", params: []string{"name:dashboard", "forget"}, answers: []string{mediaJSON}, admin: true, about: "Deletes a dashboard, which /dashboard/restore brings back."},
		{path: "/dashboard/delete_template/{name}", methods: both, id: "deleteTemplate", params: []string{"name:template", "forget"}, answers: []string{mediaJSON}, admin: true, about: "Deletes a template."},
		{path: "/dashboard/history/{name}", methods: get, id: "dashboardHistory", params: []string{"name:dashboard"}, answers: []string{mediaJSON}, about: "What is kept of a dashboard, also of a deleted one: {\"name\": NAME, \"versions\": [{\"version\": 1, \"epoch\": SECONDS, \"size\": BYTES}]}, latest first."},
		{path: "/dashboard/restore/{name}", methods: post, id: "restoreDashboard", params: []string{"name:dashboard", "version:restore!"}, answers: []string{mediaJSON}, admin: true, about: "Saves an earlier version of a dashboard again."},
		{path: "/dashboard/import", methods: post, id: "importDashboards", body: `[{"name":"web","state":{"graphs":[]}}]`, answers: []string{mediaJSON}, about: "Saves dashboards: one, a list of them, or what dumpdata of graphite-web's Django writes, templates and saved graphs included."},
		{path: "/dashboard/email", methods: post, id: "mailGraph", about: "Is answered 501: this server sends no mail."},
		{path: "/composer/mygraph", methods: both, id: "changeGraph", params: []string{"action!", "graphName!", "url"}, answers: []string{mediaHTML}, about: "Saves a graph by its address, or deletes it, which is for the admin: SAVED or DELETED."},
		{path: "/browser/mygraph", methods: both, id: "graphTree", params: []string{"path:graphs", "jsonp"}, answers: []string{mediaJSON}, about: "The saved graphs, as a tree in a browser wants them."},
		{path: "/browser/usergraph", methods: both, id: "userGraphTree", params: []string{"user", "path:graphs", "jsonp"}, answers: []string{mediaJSON}, about: "As /browser/mygraph, below the user default, whose all graphs are."},
		{path: "/s", methods: both, id: "shortenRoot", answers: []string{mediaText}, about: "A short URL for the front page with the parameters given."},
		{path: "/s/{name}", methods: both, id: "shorten", params: []string{"name:address"}, answers: []string{mediaText}, about: "The path of a short URL for the path and all parameters given."},
		{path: "/S/{link}", methods: get, id: "follow", params: []string{"link"}, about: "Leads to what a short URL stands for: 302."},

		{path: "/", methods: get, id: "page", answers: []string{mediaHTML}, about: "The front page."},
		{path: "/browser", methods: get, id: "browser", answers: []string{mediaHTML}, about: "As /, for bookmarks of graphite-web."},
		{path: "/composer", methods: get, id: "composer", answers: []string{mediaHTML}, about: "As /, for bookmarks of graphite-web."},
		{path: "/server", methods: get, id: "serverPage", answers: []string{mediaHTML}, about: "A page of the server's own figures; as / where no scripts run."},
		{path: "/plain", methods: get, id: "plainPage", answers: []string{mediaHTML}, about: "The front page, without scripts."},
		{path: "/-/static/{name}", methods: get, id: "asset", params: []string{"name:asset"}, answers: []string{"text/css", "text/javascript", "image/svg+xml"}, about: "Files of the pages."},
		{path: "/favicon.ico", methods: get, id: "favicon", answers: []string{"image/svg+xml"}, about: "The icon of the pages."},
		{path: "/health", methods: get, id: "health", answers: []string{mediaJSON}, about: "Whether requests should be sent here: 503 with the reasons if not."},
		{path: "/-/ready", methods: get, id: "ready", answers: []string{mediaJSON}, about: "As /health."},
		{path: "/lb_check", methods: get, id: "loadBalancerCheck", answers: []string{mediaText}, about: "As /health, in a word."},
		{path: "/-/metrics", methods: get, id: "metrics", answers: []string{mediaText}, about: "The server's own figures, for Prometheus."},
		{path: "/-/openapi.json", methods: get, id: "openapi", answers: []string{mediaJSON}, about: "This document."},
		{path: "/-/config", methods: get, id: "config", answers: []string{mediaText}, admin: true, about: "What the server was told, without its secrets."},
		{path: "/-/pprof", methods: get, id: "profiles", answers: []string{mediaText}, admin: true, about: "Which profiles of the running program there are."},
		{path: "/-/pprof/{name}", methods: get, id: "profile", params: []string{"name:profile", "seconds", "debug"}, answers: []string{"application/octet-stream", mediaText}, admin: true, about: "A profile of the running program, for go tool pprof."},
	}
}

// parameters are described once each.
var parameters = map[string]parameter{
	"target":       {"list of string", "What to evaluate or tell of: patterns of metrics, and for /render functions of them.", nil},
	"target:one":   {"string", "A pattern of metrics or branches.", nil},
	"leaf_only":    {"boolean", "Not what is below branches.", nil},
	"stats_only":   {"boolean", "Only what they take together.", nil},
	"query":        {"string", "A pattern: *, ?, [a-z] and {a,b} within a node, ** over many.", nil},
	"query:search": {"string", "Words, which are all in the path; a pattern; or tag expressions with blanks between them. The roots if it is empty.", nil},
	"limit:search": {"integer", "At most so many: 200 if it is not given, 10000 at most.", nil},
	"query:list":   {"list of string", "Patterns, as of /metrics/find.", nil},
	"name":         {"list of string", "Names of metrics, in which nothing is a pattern.", nil},
	"from":         {"string", "When to begin: -1h, 14:00_20261102, seconds since 1970, …", nil},
	"until":        {"string", "When to end, as from.", nil},
	"now":          {"string", "The time that others count from.", nil},
	"tz":           {"string", "The zone of times, as Europe/Berlin.", nil},
	"format:render": {"string", "How to write: png if it is none of these.", func() []string {
		return words(maps.Keys(formats), maps.Keys(messageFormats), maps.Keys(pictures))
	}},
	"format:find": {"string", "How to write: treejson if none is given.", func() []string {
		return words(maps.Keys(findFormats), maps.Keys(objectFormats), maps.Keys(messageFormats))
	}},
	"format:list":        {"string", "How to write.", func() []string { return words(maps.Keys(messageFormats), slices.Values([]string{"json"})) }},
	"width":              {"integer", "Of a picture, in pixels.", nil},
	"height":             {"integer", "Of a picture, in pixels.", nil},
	"title":              {"string", "Of a picture.", nil},
	"template":           {"string", "The look of a picture, by its name. template[NAME] is something else: a variable of template() in targets.", nil},
	"graphType":          {"string", "What a picture shows: lines, or pie for shares of a whole, whose targets may be NAME:VALUE.", func() []string { return []string{"line", "pie"} }},
	"maxDataPoints":      {"integer", "At most so many points of each series.", nil},
	"noNullPoints":       {"boolean", "Leave out points without a value.", nil},
	"xFilesFactor":       {"number", "Which share of points must have a value for theirs to have one.", nil},
	"noCache":            {"boolean", "Evaluate anew.", nil},
	"cacheTimeout":       {"integer", "An answer as many seconds old will do.", nil},
	"jsonp":              {"string", "A function of JavaScript to call with the answer.", nil},
	"pretty":             {"boolean", "Indent JSON.", nil},
	"local":              {"integer", "Of a cluster, this server only.", nil},
	"leavesOnly":         {"integer", "Metrics, and no branches.", nil},
	"wildcards":          {"integer", "Add a node that stands for all.", nil},
	"automatic_variants": {"integer", "a,b means {a,b}.", nil},
	"position":           {"integer", "Which nodes format nodelist lists.", nil},
	"groupByExpr":        {"integer", "By pattern.", nil},
	"metric":             {"list of string", "Names of metrics.", nil},
	"metric:one":         {"string", "The name of a metric.", nil},
	"key":                {"string", "What of it: aggregationMethod.", nil},
	"value":              {"string", "average, sum, last, max, min, avg_zero, absmax or absmin.", nil},
	"operations":         {"string", "A list of changes as JSON.", nil},
	"group":              {"string", "Only those of a group.", nil},
	"grouped":            {"boolean", "By group.", nil},
	"type":               {"string", "Those that reckon slices, of pie charts.", func() []string { return []string{"pie"} }},
	"name:function":      {"string", "Its name.", nil},
	"filter":             {"string", "A regular expression that they begin with.", nil},
	"limit":              {"integer", "At most so many.", nil},
	"tag":                {"string", "A tag.", nil},
	"expr":               {"list of string", "Tag expressions: tag=value, tag!=value, tag=~regex, tag!=~regex.", nil},
	"tagPrefix":          {"string", "What tags begin with.", nil},
	"valuePrefix":        {"string", "What values begin with.", nil},
	"path":               {"string", "The name of a series, with its tags.", nil},
	"path:list":          {"list of string", "Names of series, with their tags.", nil},
	"tags":               {"string", "Tags, with blanks between them.", nil},
	"set":                {"string", "Which of several tags: union is any of them, intersection all.", func() []string { return []string{"union", "intersection"} }},
	"id":                 {"integer", "Its number.", nil},
	"id:list":            {"list of integer", "Their numbers.", nil},
	"name:dashboard":     {"string", "The name of a dashboard.", nil},
	"name:template":      {"string", "The name of a template.", nil},
	"name:address":       {"string", "A path below the prefix of all paths.", nil},
	"value:template":     {"string", "What takes the place of the text that was the key.", nil},
	"key:template":       {"string", "A text in targets, whose place values take.", nil},
	"version":            {"integer", "Which version: the latest if none is given.", nil},
	"version:restore":    {"integer", "One that /dashboard/history lists.", nil},
	"forget":             {"integer", "1: with all its versions, for good.", nil},
	"query:words":        {"string", "Words that are all in the name, in upper or lower case.", nil},
	"state":              {"string", "The dashboard: a JSON object.", nil},
	"action":             {"string", "What to do.", func() []string { return []string{"delete", "save"} }},
	"graphName":          {"string", "The name of a saved graph. Dots make a tree of names.", nil},
	"url":                {"string", "The address of a graph.", nil},
	"user":               {"string", "Whose graphs: default's.", nil},
	"path:graphs":        {"string", "What names begin with, up to a dot.", nil},
	"link":               {"string", "As /s/ gave it.", nil},
	"name:asset":         {"string", "As the pages name it.", nil},
	"name:profile":       {"string", "One of /-/pprof.", nil},
	"seconds":            {"integer", "How long to look.", nil},
	"debug":              {"integer", "1: as text.", nil},
}

// words are all of several lists, sorted, each once.
func words(lists ...iter.Seq[string]) (all []string) {
	for _, list := range lists {
		all = slices.AppendSeq(all, list)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(word string) bool { return word == "" })
}
