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

// openIntakes makes the HTTP paths that datapoints are posted to, and opens the port
// of [influx] LISTEN.
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
	toInflux := influx.Handle(intake("influx"), template)
	ofInflux := []api.Mount{
		{Path: "/write", Methods: "POST", Handler: toInflux.Write, ID: "influxWrite", Takes: []string{"text/plain"}, About: "Accepts line protocol as InfluxDB 1.x does, with the parameters db and precision."},
		{Path: "/api/v2/write", Methods: "POST", Handler: toInflux.Write, ID: "influxWrite2", Takes: []string{"text/plain"}, About: "Accepts line protocol as InfluxDB 2.x does, with the parameters bucket and precision."},
		{Path: "/ping", Methods: "GET", Handler: toInflux.Ping, ID: "influxPing", Open: true, Answers: []string{"application/json"}, About: "Answers the ping of InfluxDB clients."},
		{Path: "/query", Methods: "GET POST", Handler: toInflux.Query, ID: "influxQuery", Answers: []string{"application/json"}, About: "Answers statements of InfluxDB clients, such as CREATE DATABASE, with success; SELECT with an error."},
	}
	lineLength := s.config.Limits.LineLength
	s.mounts = append(ofInflux,
		api.Mount{Path: "/api/v1/sink", Methods: "POST", Handler: hostedgraphite.Handler(hostedgraphite.Options{Intake: intake("sink"), Timestamp: s.config.Web.SinkTimestamp, MaxLine: lineLength}), ID: "sink", Takes: []string{"text/plain"}, About: "Accepts plaintext lines of Hosted Graphite clients."},
		api.Mount{Path: "/v1/metrics", Methods: "GET POST", Handler: librato.Handler(intake("librato")), ID: "librato", Takes: []string{"application/json"}, Answers: []string{"application/json"}, About: "Accepts gauges and counters of Librato clients."},
		api.Mount{Path: "/api/put", Methods: "POST", Handler: opentsdb.Handler(intake("opentsdb")), ID: "opentsdb", Takes: []string{"application/json"}, Answers: []string{"application/json"}, About: "Accepts datapoints of OpenTSDB clients."},
		api.Mount{Path: "/ingest", Methods: "POST", Handler: httplines.Handler(intake("ingest"), lineLength), ID: "ingest", Takes: []string{"text/plain"}, Answers: []string{"application/json"}, About: "Accepts plaintext lines. The answer is {\"accepted\": NUMBER, \"rejected\": NUMBER, \"errors\": [{\"line\": LINE, \"reason\": REASON}]}."},
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

// mountPort is a port that serves some paths.
type mountPort struct {
	name     string
	listener net.Listener
	server   *http.Server
	life     *receive.Life
}

func (s *Server) listenMounts(name, addr string, mounts []api.Mount) (*mountPort, error) {
	listener, err := receive.ListenTCP(name, addr)
	if err != nil {
		return nil, err
	}
	return &mountPort{
		name:     name,
		listener: listener,
		server:   s.httpServer(api.NewMounted(s.apiOptions(), mounts)),
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

// Samples implements receive.Receiver: the intakes count.
func (p *mountPort) Samples() []instrumentation.Sample { return nil }
