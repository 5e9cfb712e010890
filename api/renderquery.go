package api

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"carbon/render"
	"carbon/render/graph"
)

// renderQuery holds the parameters of a request to /render.
type renderQuery struct {
	render.Request
	format string
	jsonp  string // set only with an explicit format, as in graphite-web
	pretty bool
	noNull bool
	pie    bool

	graphParams url.Values    // parameters of the graph, read for pictures only
	options     graph.Options // read from graphParams

	maxAge   int           // seconds that the client may cache the answer
	cacheAge time.Duration // maximum age of an answer of the server's cache
}

// key returns a key that equal evaluations share.
func (q *renderQuery) key() string {
	zone := ""
	if q.Location != nil {
		zone = q.Location.String()
	}
	return fmt.Sprintf("%q %d %d %d %q %v %q %d", q.Targets, q.From, q.Until, q.Now, zone, q.XFilesFactor, q.Template, q.MaxDataPoints)
}

// renderQuery reads the parameters, in the order and with the defaults of graphite-web.
func (s *server) renderQuery(p params) (*renderQuery, error) {
	q := &renderQuery{graphParams: p.values(), maxAge: 60, cacheAge: s.CacheDuration}
	if t := p.get("graphType"); p.has("graphType") {
		if t != "line" && t != "pie" {
			return nil, &paramError{"graphType", t, "must be line or pie"}
		}
		q.pie = t == "pie"
	}
	if p.has("cacheTimeout") {
		seconds, err := p.int("cacheTimeout")
		if err != nil {
			return nil, err
		}
		q.maxAge = min(max(seconds, 0), 365*86400)
		q.cacheAge = time.Duration(q.maxAge) * time.Second
	}
	if p.has("noCache") {
		q.maxAge, q.cacheAge = 0, 0
	}
	if err := q.output(p); err != nil {
		return nil, err
	}
	for _, t := range p.list("target") {
		if strings.TrimSpace(t) != "" {
			q.Targets = append(q.Targets, t)
		}
	}
	for name := range p {
		variable, opens := strings.CutPrefix(name, "template[")
		if variable, closes := strings.CutSuffix(variable, "]"); opens && closes {
			if q.Template == nil {
				q.Template = map[string]string{}
			}
			q.Template[variable] = p.get(name)
		}
	}
	if err := q.setRange(p, s.Now(), s.Location); err != nil {
		return nil, err
	}
	if p.has("xFilesFactor") {
		x, err := strconv.ParseFloat(strings.TrimSpace(p.get("xFilesFactor")), 64)
		if err != nil {
			return nil, &paramError{"xFilesFactor", p.get("xFilesFactor"), "not a number"}
		}
		q.XFilesFactor = x
	}
	return q, nil
}

// output reads the parameters of the format.
func (q *renderQuery) output(p params) error {
	if p.has("pickle") { // whatever its value is
		q.format = "pickle"
	}
	if p.has("rawData") {
		q.format = "raw"
	}
	if p.has("format") {
		q.format = p.get("format")
		var err error
		if q.jsonp, err = p.jsonp(); err != nil {
			return err
		}
	}
	q.pretty = p.get("pretty") != ""
	q.noNull = p.has("noNullPoints")
	// As in graphite-web, anything but digits is ignored, and only json consolidates.
	if n := p.get("maxDataPoints"); q.format == "json" && n != "" && strings.Trim(n, "0123456789") == "" {
		points, err := strconv.Atoi(n)
		if err == nil {
			q.MaxDataPoints = points
		}
	}
	return nil
}

// setRange reads from, until and now.
func (q *renderQuery) setRange(p params, now time.Time, fallback *time.Location) error {
	q.Location = p.location(fallback)
	now = now.In(q.Location)
	now, err := p.time("now", now, now)
	if err != nil {
		return err
	}
	until, err := p.time("until", now, now)
	if err != nil {
		return err
	}
	from, err := p.time("from", now, now.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	q.From, q.Until, q.Now = from.Unix(), until.Unix(), now.Unix()
	if q.From > q.Until {
		q.From, q.Until = q.Until, q.From
	}
	if q.From == q.Until {
		return &paramError{"from", p.get("from"), "must differ from until"}
	}
	return nil
}

// inCall writes JSON, inside a call of the function that jsonp names if there is one.
func (q *renderQuery) inCall(w io.Writer, write func() error) error {
	if q.jsonp == "" {
		return write()
	}
	if _, err := io.WriteString(w, q.jsonp+"("); err != nil {
		return err
	}
	if err := write(); err != nil {
		return err
	}
	_, err := io.WriteString(w, ")")
	return err
}
