package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"carbon/config"
	"carbon/server"
)

// source is what `carbon render` and `carbon find` query: a server, or the files of one
// that is not running.
type source struct {
	program
	cmd           *cobra.Command // that has the flags
	server, token string
	data, config  string
}

func sourceFlags(cmd *cobra.Command, p program) *source {
	s := &source{program: p, cmd: cmd}
	flagGroup(cmd, "Source:", func(fs *pflag.FlagSet) {
		fs.StringVar(&s.server, "server", "http://127.0.0.1:8080", "`URL`: server to query")
		fs.StringVar(&s.token, "token", "", "`TOKEN`: API token to send (default: the environment variable CARBON_TOKEN)")
		fs.StringVar(&s.data, "data", "", "`DIR`: read files instead of querying a server: the data directory of a server that is not running, or a tree of whisper files")
		fs.StringVar(&s.config, "config", "", "`FILE`: with --data, carbon.conf (default as for carbon serve)")
	})
	return s
}

// windowFlags are the flags for a time range.
type windowFlags struct{ from, until, zone string }

func (w *windowFlags) declare(cmd *cobra.Command) {
	flagGroup(cmd, "Time range:", func(fs *pflag.FlagSet) {
		fs.StringVar(&w.from, "from", "", "`TIME`: -1h, 14:00_yesterday, 20261102, unix seconds, ... (default -1d)")
		fs.StringVar(&w.until, "until", "", "`TIME`: end of the range (default now)")
		fs.StringVar(&w.zone, "tz", "", "`ZONE`: time zone of TIME and of images, as in Europe/Berlin (default the server's)")
	})
}

func (w *windowFlags) addTo(form url.Values) {
	for name, value := range map[string]string{"from": w.from, "until": w.until, "tz": w.zone} {
		if value != "" {
			form.Set(name, value)
		}
	}
}

// post sends a form to a path and returns the answer. An answer other than 200 is an
// error with the server's text.
func (s *source) post(ctx context.Context, path string, form url.Values) (mediaType string, body []byte, err error) {
	client, base := http.DefaultClient, s.server
	if s.data != "" {
		offline, err := s.openFiles()
		if err != nil {
			return "", nil, err
		}
		defer offline.Close()
		client, base = &http.Client{Transport: offline}, "http://offline"
	}
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	if _, err := url.Parse(base); err != nil {
		return "", nil, badUsage(s.cmd, "--server %s: not a URL", s.server)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(base, "/")+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token := cmp.Or(s.token, s.variable("CARBON_TOKEN")); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := client.Do(r)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return "", nil, fmt.Errorf("query %s: %w", base, err)
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(answer.Body); err != nil {
		return "", nil, fmt.Errorf("query %s: %w", base, err)
	}
	if answer.StatusCode != http.StatusOK {
		reason, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		if kind := answer.Header.Get("Content-Type"); reason == "" || !strings.HasPrefix(kind, "text/plain") {
			reason = answer.Status
		}
		return "", nil, fmt.Errorf("%s: %s", strings.Trim(path, "/"), reason)
	}
	return answer.Header.Get("Content-Type"), body, nil
}

// openFiles opens the files of --data.
func (s *source) openFiles() (*server.Offline, error) {
	c, err := config.Load(config.Flags{Config: s.config, Data: s.data}, s.environ)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(s.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	offline, err := server.OpenOffline(c, log)
	if err == nil && offline.UnstoredLog != "" {
		fmt.Fprintf(s.stderr, "carbon: warning: %s has points that are not in files yet, and not shown: the server stores them at its next start\n", offline.UnstoredLog)
	}
	return offline, err
}

// variable returns a variable of the environment.
func (p program) variable(name string) string {
	for _, kv := range p.environ {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}
