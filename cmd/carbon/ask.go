package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"carbon/api"
	"carbon/config"
	"carbon/render"
	"carbon/render/graph"
	"carbon/render/target"
	"carbon/server"
	"carbon/storage/whisper"
)

// source is whom carbon render and carbon find ask: a server by its address, or
// the files of one that does not run.
type source struct {
	server, token string
	data, config  string
	environ       []string
}

func sourceFlags(fs *flag.FlagSet, p program) *source {
	s := &source{environ: p.environ}
	fs.StringVar(&s.server, "server", "http://127.0.0.1:8080", "`URL` of the server to ask")
	fs.StringVar(&s.token, "token", "", "`TOKEN` to send with it (default the environment's CARBON_TOKEN)")
	fs.StringVar(&s.data, "data", "", "`DIR` to read instead of asking a server: what carbon serve keeps, or a tree of whisper files; no server may use it")
	fs.StringVar(&s.config, "config", "", "with --data, carbon.conf to read (default as carbon serve)")
	return s
}

// ask posts a form to a path and returns the answer. What the server refuses is
// an error in its words.
func (s *source) ask(ctx context.Context, p program, path string, form url.Values) (mediaType string, body []byte, err error) {
	client, base := http.DefaultClient, s.server
	if s.data != "" {
		handler, end, err := s.open(p)
		if err != nil {
			return "", nil, err
		}
		defer end()
		client, base = &http.Client{Transport: inProcess{handler}}, "http://data"
	}
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(base, "/")+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", nil, &usageError{"--server: " + err.Error()}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token := cmp.Or(s.token, environment(s.environ, "CARBON_TOKEN")); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := client.Do(r)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return "", nil, fmt.Errorf("ask %s: %w", base, err)
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(answer.Body); err != nil {
		return "", nil, fmt.Errorf("ask %s: %w", base, err)
	}
	if answer.StatusCode != http.StatusOK {
		said, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		if kind := answer.Header.Get("Content-Type"); said == "" || !strings.HasPrefix(kind, "text/plain") {
			said = answer.Status
		}
		return "", nil, fmt.Errorf("%s: %s", strings.Trim(path, "/"), said)
	}
	return answer.Header.Get("Content-Type"), body, nil
}

func environment(environ []string, name string) string {
	for _, kv := range environ {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

// open makes a server's handler over the files of one that does not run.
func (s *source) open(p program) (_ http.Handler, end func(), err error) {
	flags := config.Flags{Config: s.config, Data: s.data}
	c, err := config.Load(flags, s.environ)
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(c.Whisper); errors.Is(err, os.ErrNotExist) { // perhaps it is a tree itself
		if c.Whisper, err = filepath.Abs(s.data); err != nil {
			return nil, nil, err
		}
		c.Data = filepath.Dir(c.Whisper)
	}
	dir, err := os.Stat(c.Whisper)
	switch {
	case err != nil:
		return nil, nil, err
	case !dir.IsDir():
		return nil, nil, fmt.Errorf("%s: not a directory", c.Whisper)
	}
	lock, err := server.LockDirectory(c.Data)
	if errors.Is(err, server.ErrLocked) {
		return nil, nil, fmt.Errorf("%s: a server uses it, and has points that are not in files yet: ask it with --server URL", c.Data)
	}
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			lock.Close()
		}
	}()
	if left, _ := filepath.Glob(filepath.Join(c.Data, "wal", "*.wal")); len(left) > 0 {
		fmt.Fprintf(p.stderr, "carbon: warning: %s holds points that are in no file yet, and not shown: the next start of the server stores them\n", filepath.Join(c.Data, "wal"))
	}
	rules, _, err := c.LoadRules()
	if err != nil {
		return nil, nil, err
	}
	log := slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	store, err := whisper.Open(c.Whisper, whisper.Options{Layout: rules.Layout, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	templates, err := c.LoadTemplates()
	if err != nil {
		store.Close()
		return nil, nil, err
	}
	zone, _ := time.LoadLocation(c.Web.TimeZone) // validated with the configuration
	defines, _ := target.ParseDefines(c.Define)  // so are they
	engine := render.New(store, render.Options{Limits: server.RenderLimits(c), Defines: defines, Hashes: c.Hashes})
	handler := api.New(api.Options{
		Renderer: engine, Finder: store, Templates: func() *graph.Templates { return templates }, Location: zone, Timeout: c.Limits.EvaluationTime, Logger: log,
	})
	return handler, func() {
		store.Close()
		lock.Close()
	}, nil
}

// inProcess sends requests to a handler.
type inProcess struct{ handler http.Handler }

func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &gathered{header: http.Header{}}
	r.RemoteAddr = "127.0.0.1:0"
	t.handler.ServeHTTP(w, r)
	if w.code == 0 {
		w.code = http.StatusOK
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.code, http.StatusText(w.code)), StatusCode: w.code, Header: w.header,
		Body: io.NopCloser(&w.body), Request: r,
	}, nil
}

// gathered is an answer that is kept.
type gathered struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (g *gathered) Header() http.Header { return g.header }

func (g *gathered) WriteHeader(code int) {
	if g.code == 0 {
		g.code = code
	}
}

func (g *gathered) Write(b []byte) (int, error) {
	g.WriteHeader(http.StatusOK)
	return g.body.Write(b)
}

// parseMixed parses flags that may stand between and behind arguments, and
// returns the arguments. What comes behind "--" is none of them.
func parseMixed(fs *flag.FlagSet, p program, args []string) (rest []string, err error) {
	for {
		if err := parseFlags(fs, p, args); err != nil {
			return nil, err
		}
		left := fs.Args()
		if len(left) == 0 {
			return rest, nil
		}
		if used := len(args) - len(left); used > 0 && args[used-1] == "--" {
			return append(rest, left...), nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

// windowFlags are the flags that say from when until when.
type windowFlags struct{ from, until, zone string }

func (w *windowFlags) declare(fs *flag.FlagSet) {
	fs.StringVar(&w.from, "from", "", "`TIME` to begin at: -1h, 14:00_yesterday, 20261102, epoch, … (default as the server: -1d)")
	fs.StringVar(&w.until, "until", "", "`TIME` to end at (default now)")
	fs.StringVar(&w.zone, "tz", "", "`ZONE` of times, as Europe/Berlin (default as the server)")
}

func (w *windowFlags) put(form url.Values) {
	for name, value := range map[string]string{"from": w.from, "until": w.until, "tz": w.zone} {
		if value != "" {
			form.Set(name, value)
		}
	}
}
