package server

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"carbon/api"
	"carbon/cache"
	"carbon/config"
	"carbon/receive"
	"carbon/render"
	"carbon/render/target"
	"carbon/web"
)

// listenHTTP opens the HTTP listener, unless it is off.
func (s *Server) listenHTTP() error {
	if s.config.HTTP == "off" {
		return nil
	}
	listener, err := receive.ListenTCP("http", s.config.HTTP)
	if err != nil {
		return withSetting("--http", err)
	}
	s.listener = listener
	s.http = s.httpServer(s.handler())
	s.http.TLSConfig = s.tlsConfig()
	return nil
}

// serveHTTP answers requests until the HTTP server is shut down.
func (s *Server) serveHTTP() (err error) {
	if s.http.TLSConfig != nil {
		err = s.http.ServeTLS(s.listener, "", "")
	} else {
		err = s.http.Serve(s.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// httpServer returns an HTTP server that limits the time and memory of requests. It
// supports HTTP/1.1 and HTTP/2, with and without TLS.
func (s *Server) httpServer(handler http.Handler) *http.Server {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    1 << 20,
		Protocols:         protocols,
		HTTP2:             &http.HTTP2Config{SendPingTimeout: time.Minute, PingTimeout: 15 * time.Second},
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// handler returns the handler of all HTTP paths.
func (s *Server) handler() http.Handler {
	c := s.config
	zone, _ := time.LoadLocation(c.Web.TimeZone) // config.Load has validated both
	defines, _ := target.ParseDefines(c.Define)
	source := cache.NewReader(s.cache, s.store)
	app, err := web.ReadApp()
	if err != nil {
		s.log.Warn("user interface not built; serving plain pages", "err", err)
	}
	o := s.apiOptions()
	o.Renderer = render.New(source, render.Options{Events: s.events, Limits: renderLimits(c), Defines: defines, Hashes: c.Hashes})
	o.Finder = source
	o.Searcher = s.store
	o.App = app
	o.Tags = s.store
	if s.records != nil { // a nil *records.DB would make the interfaces non-nil
		o.Events, o.Documents, o.Links = s.records, s.records, s.records
	}
	o.Describer = s.store
	o.Measurer = s.store
	o.Deleter = s.pipeline
	o.Aggregator = s.store
	o.CacheDuration = c.Web.CacheDuration
	o.Templates = s.templates.Load
	o.Location = zone
	if addr, listens := s.Addrs()["line"]; listens {
		o.Line = addr.String()
	}
	o.Own = []string{c.Cache.MetricPrefix + ".agents.*.metricsReceived", c.Cache.MetricPrefix + ".agents.*.committedPoints"}
	o.Health = s.health.Reasons
	o.Metrics = s.self.prom.Write
	o.Config = c.WriteMasked
	o.MaxRequests = c.Limits.ConcurrentRequests
	o.Mounts = s.mounts
	return api.New(o)
}

// apiOptions returns the options that every HTTP listener has.
func (s *Server) apiOptions() api.Options {
	c := s.config
	return api.Options{
		Access:    s.access.Load,
		URLPrefix: c.Web.URLPrefix,
		Version:   s.version,
		Observe:   s.self.prom.Observe,
		MaxBody:   c.Limits.BodySize,
		Timeout:   c.Limits.EvaluationTime,
		Logger:    s.log,
	}
}

// renderLimits returns the limits of evaluation that [limits] sets.
func renderLimits(c *config.Config) render.Limits {
	return render.Limits{
		Targets: c.Limits.TargetsPerRequest,
		Series:  c.Limits.SeriesPerQuery,
		Points:  c.Limits.PointsPerQuery,
		AtOnce:  c.Limits.PointsAtOnce,
		Time:    c.Limits.EvaluationTime,
	}
}
