package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"carbon/config"
	"carbon/server"
)

// configFlags declares the flags that serve and check share.
func configFlags(cmd *cobra.Command) *config.Flags {
	f := &config.Flags{}
	flagGroup(cmd, "Configuration and data:", func(fs *pflag.FlagSet) {
		fs.StringVar(&f.Config, "config", "", "`FILE`: carbon.conf (default ./carbon.conf, else /etc/carbon/carbon.conf, else built in)")
		fs.StringVar(&f.Data, "data", "", "`DIR`: directory for all data; whisper files are in DIR/whisper (default ./data)")
		fs.StringVar(&f.Schemas, "schemas", "", "`FILE`: storage-schemas.conf (default beside carbon.conf, else built in)")
		fs.StringVar(&f.Aggregation, "aggregation", "", "`FILE`: storage-aggregation.conf (default beside carbon.conf, else built in)")
		fs.StringArrayVar(&f.Set, "set", nil, "`SECTION.KEY=VALUE`: set a key of carbon.conf, over file and environment; can be repeated")
	})
	flagGroup(cmd, "Listeners (ADDR is HOST:PORT, :PORT or off; port 0 picks a free port):", func(fs *pflag.FlagSet) {
		fs.StringVar(&f.Line, "line", "", "`ADDR`: plaintext lines over TCP (default :2003)")
		fs.StringVar(&f.UDP, "udp", "", "`ADDR`: plaintext lines over UDP (default off)")
		fs.StringVar(&f.Pickle, "pickle", "", "`ADDR`: pickles over TCP (default :2004)")
		fs.StringVar(&f.HTTP, "http", "", "`ADDR`: web interface, render API, HTTP receivers (default :8080)")
		fs.StringVar(&f.Statsd, "statsd", "", "`ADDR`: statsd over UDP and TCP (default off; :8125 if enabled in carbon.conf)")
		fs.StringVar(&f.PortsFile, "ports-file", "", "`FILE`: write the addresses to it, as JSON, once all listeners are open")
	})
	flagGroup(cmd, "Logging:", func(fs *pflag.FlagSet) {
		fs.StringVar(&f.LogLevel, "log-level", "", "`LEVEL`: debug, info, warn or error (default info)")
		choices(fs, "log-level", "debug", "info", "warn", "error")
		fs.StringVar(&f.LogFormat, "log-format", "", "`FORMAT`: text or json (default text)")
		choices(fs, "log-format", "text", "json")
	})
	return f
}

// serveCommand returns `carbon serve`, which runs the server until a signal.
func serveCommand(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve [flags]",
		Short: "run the server (also without a command)",
		Long: `Receives, stores and finds metrics and answers queries, until SIGTERM or SIGINT.
A setting comes from its flag, else from the environment variable
CARBON_SECTION__KEY, else from carbon.conf.
`,
		Example: `  carbon serve
  carbon serve --config /etc/carbon/carbon.conf --data /var/lib/carbon
  carbon serve --http 127.0.0.1:8080 --udp :2003 --log-format json
`,
		SuggestFor:        []string{"start", "run", "server", "daemon"},
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags := configFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := config.Load(*flags, p.environ)
		if err != nil {
			return err
		}
		log, level := c.NewLogger(p.stderr)
		for _, w := range c.Warning {
			log.Warn("configuration has no effect", "warning", w)
		}
		s, err := server.Open(cmd.Context(), server.Options{
			Config:  c,
			Reload:  func() (*config.Config, error) { return config.Load(*flags, p.environ) },
			Version: version,
			Logger:  log,
			Level:   level,
		})
		if err != nil {
			return err
		}
		return s.Run(cmd.Context())
	}
	return cmd
}
