package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// configFlags declares the flags that serve and check share.
func configFlags(fs *flag.FlagSet) *flagValues {
	f := &flagValues{}
	fs.StringVar(&f.config, "config", "", "carbon.conf to read (default ./carbon.conf, else /etc/carbon/carbon.conf, else built in)")
	fs.StringVar(&f.data, "data", "", "`DIR` for everything that is kept; the whisper tree is DIR/whisper (default ./data)")
	fs.StringVar(&f.schemas, "schemas", "", "storage-schemas.conf (default beside the config, else built in)")
	fs.StringVar(&f.aggregation, "aggregation", "", "storage-aggregation.conf (default beside the config, else carbon's defaults)")
	fs.StringVar(&f.line, "line", "", "`ADDR` of the plaintext TCP port (default :2003); off; port 0 picks a free one")
	fs.StringVar(&f.udp, "udp", "", "`ADDR` of the plaintext UDP port (default off)")
	fs.StringVar(&f.pickle, "pickle", "", "`ADDR` of the pickle TCP port (default :2004); off")
	fs.StringVar(&f.http, "http", "", "`ADDR` of the HTTP port (default :8080); off")
	fs.StringVar(&f.statsd, "statsd", "", "`ADDR` of statsd's port, UDP and TCP (default off; statsd's own is :8125)")
	fs.StringVar(&f.portsFile, "ports-file", "", "`FILE` to write the listeners' addresses to, as JSON, once all are up")
	fs.StringVar(&f.logLevel, "log-level", "", "debug, info, warn or error (default info)")
	fs.StringVar(&f.logFormat, "log-format", "", "text or json (default text)")
	fs.Func("set", "`SECTION.KEY=VALUE` over the file and the environment; repeatable", func(s string) error {
		f.set = append(f.set, s)
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
	c, err := loadConfig(*flags, p.environ)
	if err != nil {
		return err
	}
	log, err := newLogger(p.stderr, c)
	if err != nil {
		return err
	}
	for _, w := range c.Warning {
		log.Warn("configuration has no effect", "where", w)
	}
	m, err := Open(ctx, c, log)
	if err != nil {
		return err
	}
	m.reread = func() (*Config, error) { return loadConfig(*flags, p.environ) }
	return m.Run(ctx)
}

func newLogger(w io.Writer, c *Config) (*slog.Logger, error) {
	level, err := logLevel(c.LogLevel)
	if err != nil {
		return nil, err
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return slog.New(slog.NewTextHandler(w, options)), nil
}

func logLevel(name string) (slog.Level, error) {
	switch strings.ToLower(name) {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("--log-level %s: want debug, info, warn or error", name)
}
