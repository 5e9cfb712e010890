package main

import (
	"context"
	"flag"

	"carbon/server"

	"carbon/config"
)

// configFlags declares the flags that serve and check share.
func configFlags(fs *flag.FlagSet) *config.Flags {
	f := &config.Flags{}
	fs.StringVar(&f.Config, "config", "", "carbon.conf to read (default ./carbon.conf, else /etc/carbon/carbon.conf, else built in)")
	fs.StringVar(&f.Data, "data", "", "`DIR` for everything that is kept; the whisper tree is DIR/whisper (default ./data)")
	fs.StringVar(&f.Schemas, "schemas", "", "storage-schemas.conf (default beside the config, else built in)")
	fs.StringVar(&f.Aggregation, "aggregation", "", "storage-aggregation.conf (default beside the config, else carbon's defaults)")
	fs.StringVar(&f.Line, "line", "", "`ADDR` of the plaintext TCP port (default :2003); off; port 0 picks a free one")
	fs.StringVar(&f.UDP, "udp", "", "`ADDR` of the plaintext UDP port (default off)")
	fs.StringVar(&f.Pickle, "pickle", "", "`ADDR` of the pickle TCP port (default :2004); off")
	fs.StringVar(&f.HTTP, "http", "", "`ADDR` of the HTTP port (default :8080); off")
	fs.StringVar(&f.Statsd, "statsd", "", "`ADDR` of statsd's port, UDP and TCP (default off; statsd's own is :8125)")
	fs.StringVar(&f.PortsFile, "ports-file", "", "`FILE` to write the listeners' addresses to, as JSON, once all are up")
	fs.StringVar(&f.LogLevel, "log-level", "", "debug, info, warn or error (default info)")
	fs.StringVar(&f.LogFormat, "log-format", "", "text or json (default text)")
	fs.Func("set", "`SECTION.KEY=VALUE` over the file and the environment; repeatable", func(s string) error {
		f.Set = append(f.Set, s)
		return nil
	})
	return f
}

// serve runs the server until ctx is cancelled, and then until all that was
// received is stored.
func serve(ctx context.Context, p program, args []string) error {
	fs := flag.NewFlagSet("carbon serve", flag.ContinueOnError)
	flags := configFlags(fs)
	if err := parseFlags(fs, p, args); err != nil {
		return err
	}
	if err := noArguments(fs); err != nil {
		return err
	}
	c, err := config.Load(*flags, p.environ)
	if err != nil {
		return err
	}
	log, level := c.NewLogger(p.stderr)
	for _, w := range c.Warning {
		log.Warn("configuration has no effect", "where", w)
	}
	running, err := server.Open(ctx, server.Options{
		Config:  c,
		Reload:  func() (*config.Config, error) { return config.Load(*flags, p.environ) },
		Version: version,
		Logger:  log,
		Level:   level,
	})
	if err != nil {
		return err
	}
	return running.Run(ctx)
}
