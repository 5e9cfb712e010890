package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"carbon/api"
	"carbon/instrumentation"
	"carbon/receive"
	"carbon/receive/hostedgraphite"
	"carbon/receive/httpintake"
	"carbon/receive/httplines"
	"carbon/receive/influx"
	"carbon/receive/librato"
	"carbon/receive/opentsdb"
)

// postedTo is one way in over HTTP: where requests go, and what came of them.
type postedTo struct {
	name    string
	intake  *httpintake.Intake
	refused *receive.Refused
}

// openPosted makes the paths that datapoints are posted to, and InfluxDB's own port if
// there is to be one.
func (m *Server) openPosted() ([]receiver, error) {
	var ways []receiver
	open := func(name string) *httpintake.Intake {
		p := postedTo{name: name, refused: receive.NewRefused(m.log)}
		p.intake = httpintake.New(httpintake.Options{Push: m.pipeline.Push, Commit: m.pipeline.Commit, MaxBody: m.config.Limits.BodySize, Bad: p.refused.Add})
		ways = append(ways, p.receiver())
		return p.intake
	}
	template, err := m.config.Influx.NameTemplate()
	if err != nil {
		return nil, err
	}
	toInflux := influx.Handle(open("influx"), template)
	ofInflux := []api.Mount{
		{Path: "/write", Methods: "POST", Handler: toInflux.Write, ID: "influxWrite", Takes: []string{"text/plain"}, About: "Takes line protocol, as InfluxDB 1.x does: ?db= and ?precision=."},
		{Path: "/api/v2/write", Methods: "POST", Handler: toInflux.Write, ID: "influxWrite2", Takes: []string{"text/plain"}, About: "Takes line protocol, as InfluxDB 2.x does: ?bucket= and ?precision=."},
		{Path: "/ping", Methods: "GET", Handler: toInflux.Ping, ID: "influxPing", Open: true, Answers: []string{"application/json"}, About: "Says that InfluxDB's clients can write here."},
		{Path: "/query", Methods: "GET POST", Handler: toInflux.Query, ID: "influxQuery", Answers: []string{"application/json"}, About: "Agrees to CREATE DATABASE and the like, so that InfluxDB's clients go on to write."},
	}
	m.mounts = append(ofInflux,
		api.Mount{Path: "/api/v1/sink", Methods: "POST", Handler: hostedgraphite.Handler(hostedgraphite.Options{Intake: open("sink"), Timestamp: m.config.Web.SinkTimestamp, MaxLine: m.config.Limits.LineLength}), ID: "sink", Takes: []string{"text/plain"}, About: "Takes lines of clients of Hosted Graphite."},
		api.Mount{Path: "/v1/metrics", Methods: "GET POST", Handler: librato.Handler(open("librato")), ID: "librato", Takes: []string{"application/json"}, Answers: []string{"application/json"}, About: "Takes gauges and counters of clients of Librato."},
		api.Mount{Path: "/api/put", Methods: "POST", Handler: opentsdb.Handler(open("opentsdb")), ID: "opentsdb", Takes: []string{"application/json"}, Answers: []string{"application/json"}, About: "Takes datapoints of clients of OpenTSDB."},
		api.Mount{Path: "/ingest", Methods: "POST", Handler: httplines.Handler(open("ingest"), m.config.Limits.LineLength), ID: "ingest", Takes: []string{"text/plain"}, Answers: []string{"application/json"}, About: "Takes plaintext lines: {\"accepted\": HOW MANY, \"rejected\": HOW MANY, \"errors\": [{\"line\": LINE, \"reason\": WHY}]}."},
	)
	if isOff(m.config.Influx.Listen) {
		return ways, nil
	}
	port, err := m.listenMounts("influx", m.config.Influx.Listen, ofInflux)
	if err != nil {
		return ways, fmt.Errorf("[influx] LISTEN: %w", err)
	}
	return append([]receiver{port}, ways...), nil
}

// receiver ends when all requests that were taken are answered.
func (p postedTo) receiver() receiver {
	return receiver{
		name:     "posted-" + p.name,
		serve:    func(context.Context) error { <-p.intake.Closed(); return nil },
		shutdown: p.intake.Close,
		samples: func() []instrumentation.Sample {
			stats := p.intake.Stats()
			samples := []instrumentation.Sample{
				counter(p.name+".requests", "Requests with datapoints that came this way.", stats.Requests),
				counter(p.name+".datapoints", "Datapoints that came this way.", stats.Datapoints),
			}
			return append(samples, byReason(p.name+".refused", "Lines and elements refused, by reason.", p.refused.Counts())...)
		},
	}
}

// listenMounts serves some paths on a port of their own.
func (m *Server) listenMounts(name, addr string, mounts []api.Mount) (receiver, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return receiver{}, err
	}
	server := m.httpServer(api.NewMounted(m.apiOptions(), mounts))
	return receiver{
		name: name, addr: listener.Addr(), samples: none,
		serve: func(context.Context) error {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
		shutdown: func(ctx context.Context) error {
			listener.Close() // which Shutdown does not where Serve was not called
			impatient, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if server.Shutdown(impatient) != nil {
				return server.Close()
			}
			return nil
		},
	}, nil
}
