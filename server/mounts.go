package server

import (
	"context"
	"errors"
	"net"
	"net/http"

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

// openIntakes creates the routes that accept datapoints, and opens the listener of
// [influx] LISTEN.
func (s *Server) openIntakes() ([]receive.Receiver, error) {
	var opened []receive.Receiver
	intake := func(name string) *httpintake.Intake {
		in := httpintake.New(httpintake.Options{
			Name:    name,
			Push:    s.pipeline.Push,
			Commit:  s.pipeline.Commit,
			MaxBody: s.config.Limits.BodySize,
			Refused: s.refused(name),
		})
		opened = append(opened, in)
		return in
	}
	template, err := s.config.Influx.NameTemplate()
	if err != nil {
		return nil, err
	}
	ofInflux := influxRoutes(influx.Handle(intake("influx"), template))
	lineLength := s.config.Limits.LineLength
	toLibrato := librato.Handler(intake("librato"))
	s.mounts = append(
		ofInflux,
		api.Route{
			Path: "/api/v1/sink", Methods: "POST", ID: "sink", Right: api.Ingest, Changes: true,
			Doc:     "Accepts plaintext lines of Hosted Graphite clients.",
			Takes:   []string{"text/plain"},
			Handler: hostedgraphite.Handler(hostedgraphite.Options{Intake: intake("sink"), Timestamp: s.config.Web.SinkTimestamp, MaxLine: lineLength}),
		},
		api.Route{
			Path: "/v1/metrics", Methods: "GET", ID: "librato", Right: api.Ingest, Handler: toLibrato,
			Doc:     "Answers Librato clients that check the server.",
			Answers: []string{"application/json"},
		},
		api.Route{
			Path: "/v1/metrics", Methods: "POST", ID: "libratoPost", Right: api.Ingest, Changes: true, Handler: toLibrato,
			Doc:   "Accepts gauges and counters of Librato clients.",
			Takes: []string{"application/json"}, Answers: []string{"application/json"},
		},
		api.Route{
			Path: "/api/put", Methods: "POST", ID: "opentsdb", Right: api.Ingest, Changes: true, Handler: opentsdb.Handler(intake("opentsdb")),
			Doc: "Accepts datapoints of OpenTSDB clients.",
			Params: []api.Param{
				{Name: "details", Type: "boolean", Doc: "Return the number of stored datapoints and the errors."},
				{Name: "summary", Type: "boolean", Doc: "Return the number of stored datapoints."},
			},
			Takes: []string{"application/json"}, Answers: []string{"application/json"},
		},
		api.Route{
			Path: "/ingest", Methods: "POST", ID: "ingest", Right: api.Ingest, Changes: true, Handler: httplines.Handler(intake("ingest"), lineLength),
			Doc:   `Accepts plaintext lines. The answer is {"accepted": NUMBER, "rejected": NUMBER, "errors": [{"line": LINE, "reason": REASON}]}.`,
			Takes: []string{"text/plain"}, Answers: []string{"application/json"},
		},
	)
	if isOff(s.config.Influx.Listen) {
		return opened, nil
	}
	port, err := s.listenMounts("influx", s.config.Influx.Listen, ofInflux)
	if err != nil {
		return opened, err
	}
	return append([]receive.Receiver{port}, opened...), nil
}

// influxRoutes returns the routes for InfluxDB clients.
func influxRoutes(to influx.Handlers) []api.Route {
	return []api.Route{
		{
			Path: "/write", Methods: "POST", ID: "influxWrite", Right: api.Ingest, Changes: true, Handler: to.Write,
			Doc:    "Accepts line protocol as InfluxDB 1.x does.",
			Params: []api.Param{{Name: "db", Type: "string", Doc: "Database, for [influx] TEMPLATE."}, precisionParam}, Takes: []string{"text/plain"},
		},
		{
			Path: "/api/v2/write", Methods: "POST", ID: "influxWrite2", Right: api.Ingest, Changes: true, Handler: to.Write,
			Doc:    "Accepts line protocol as InfluxDB 2.x does.",
			Params: []api.Param{{Name: "bucket", Type: "string", Doc: "Bucket, for [influx] TEMPLATE."}, precisionParam}, Takes: []string{"text/plain"},
		},
		{
			Path: "/ping", Methods: "GET", ID: "influxPing", Right: api.Public, Handler: to.Ping,
			Doc:    "Answers the ping of InfluxDB clients.",
			Params: []api.Param{{Name: "verbose", Type: "boolean", Doc: "Return the version as JSON."}}, Answers: []string{"application/json"},
		},
		{
			Path: "/query", Methods: "GET POST", ID: "influxQuery", Right: api.Ingest, Handler: to.Query,
			Doc:     "Answers statements of InfluxDB clients, such as CREATE DATABASE, with success; SELECT with an error.",
			Answers: []string{"application/json"},
		},
	}
}

var precisionParam = api.Param{Name: "precision", Type: "string", Doc: "Unit of timestamps; default ns.", Options: []string{"ns", "us", "ms", "s", "m", "h"}}

// mountPort is an additional HTTP listener that serves some routes.
type mountPort struct {
	name     string
	listener net.Listener
	server   *http.Server
	life     *receive.Life
}

// listenMounts opens an HTTP listener that serves the given routes.
func (s *Server) listenMounts(name, addr string, mounts []api.Route) (*mountPort, error) {
	listener, err := receive.ListenTCP(name, addr)
	if err != nil {
		return nil, err
	}
	o := s.apiOptions()
	o.Mounts = mounts
	return &mountPort{
		name:     name,
		listener: listener,
		server:   s.httpServer(api.NewMounted(o)),
		life:     receive.NewLife(receive.LifeOptions{Limit: answerTime, Release: listener.Close}),
	}, nil
}

// Addrs implements receive.Receiver.
func (p *mountPort) Addrs() map[string]net.Addr {
	return map[string]net.Addr{p.name: p.listener.Addr()}
}

// Serve implements receive.Receiver.
func (p *mountPort) Serve(ctx context.Context) error {
	return p.life.Serve(ctx, func(stopping, pushing context.Context) error {
		ended := make(chan struct{})
		defer context.AfterFunc(stopping, func() {
			defer close(ended)
			if p.server.Shutdown(pushing) != nil {
				p.server.Close()
			}
		})()
		if err := p.server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		<-ended
		return nil
	})
}

// Shutdown implements receive.Receiver.
func (p *mountPort) Shutdown(ctx context.Context) error { return p.life.Shutdown(ctx) }

// Samples implements receive.Receiver. It returns none: the intakes have them.
func (p *mountPort) Samples() []instrumentation.Sample { return nil }
