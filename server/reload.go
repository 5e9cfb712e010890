package server

import (
	"crypto/tls"

	"carbon/api"
	"carbon/config/watch"
	"carbon/ingest/filter"
	"carbon/metric"
	"carbon/render/graph"
	"carbon/storage/schema"
)

// reloaded holds the values that are reloaded while the server runs.
type reloaded struct {
	watcher     *watch.Watcher
	rules       *watch.Value[*schema.Rules]
	templates   *watch.Value[*graph.Templates] // a nil *graph.Templates means the built-in templates
	access      *watch.Value[*api.Access]
	certificate *watch.Value[*tls.Certificate] // nil: no TLS
}

// parseFiles parses the configuration files except carbon.conf and the name lists, and
// adds them to the watcher.
func (s *Server) parseFiles() (err error) {
	c := s.config
	s.watcher = watch.New(s.log)
	if s.rules, err = watch.Add(s.watcher, watch.File[*schema.Rules]{
		Name:  "storage rules",
		Paths: []string{c.Schemas, c.Aggregation},
		Parse: c.LoadRules,
	}, nil); err != nil {
		return err
	}
	if s.templates, err = watch.Add(s.watcher, watch.File[*graph.Templates]{
		Name:  "graph templates",
		Paths: []string{c.Templates},
		Parse: func() (*graph.Templates, []string, error) {
			t, err := c.LoadTemplates()
			return t, nil, err
		},
	}, nil); err != nil {
		return err
	}
	if c.TLS.Certificate != "" {
		if s.certificate, err = watch.Add(s.watcher, watch.File[*tls.Certificate]{
			Name:  "certificate",
			Paths: []string{c.TLS.Certificate, c.TLS.Key},
			Parse: func() (*tls.Certificate, []string, error) {
				loaded, err := c.LoadCertificate()
				return loaded, nil, err
			},
		}, nil); err != nil {
			return err
		}
	}
	s.access, err = watch.Add(s.watcher, watch.File[*api.Access]{Name: "access rules and log level", Parse: s.loadAccess}, nil)
	return err
}

// loadAccess loads the configuration again and applies [auth] and the log level.
func (s *Server) loadAccess() (*api.Access, []string, error) {
	c := s.config
	if s.reload != nil {
		var err error
		if c, err = s.reload(); err != nil {
			return nil, nil, err
		}
	}
	access, err := c.Auth.Access()
	if err == nil && s.level != nil {
		s.level.Set(c.Level())
	}
	return access, nil, err
}

// followNameLists parses blacklist.conf and whitelist.conf, adds them to the watcher,
// and sets the filter of the pipeline whenever they change.
func (s *Server) followNameLists() error {
	c := s.config
	if !c.Cache.UseWhitelist {
		return nil
	}
	black, white := c.NameLists()
	_, err := watch.Add(s.watcher, watch.File[filter.Lists]{Name: "name lists", Paths: []string{black, white}, Parse: c.LoadNameLists}, func(l filter.Lists) {
		if len(l.Black) == 0 && len(l.White) == 0 {
			s.pipeline.SetFilter(nil)
			return
		}
		s.pipeline.SetFilter(l.Refuse)
	})
	return err
}

// layout returns the layout of a new metric.
func (s *Server) layout(name string) metric.Layout { return s.rules.Load().Layout(name) }

// tlsConfig returns the TLS settings of listeners, for TLS 1.2 and newer, or nil if
// there is no certificate.
func (s *Server) tlsConfig() *tls.Config {
	if s.certificate == nil {
		return nil
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate.Load(), nil },
	}
}
