package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"carbon/api"
	"carbon/config"
	"carbon/render"
	"carbon/render/graph"
	"carbon/render/target"
	"carbon/storage/whisper"
)

// Offline answers queries from the files of a server that is not running. It does not
// change files.
//
// It is an http.RoundTripper, which answers the requests of an http.Client to any host.
type Offline struct {
	// UnstoredLog is the directory of the write-ahead log if the log has points that are
	// not stored, and therefore not in answers; else empty. The next start of the server
	// stores them.
	UnstoredLog string

	lock    *os.File
	store   *whisper.Store
	handler http.Handler
}

// OpenOffline opens the data directory of c. c.Data may also be a whisper tree. It
// fails if a server uses the directory, and locks the directory until Close.
func OpenOffline(c *config.Config, log *slog.Logger) (_ *Offline, err error) {
	data, tree, err := offlineDirs(c)
	if err != nil {
		return nil, err
	}
	o := &Offline{}
	if o.lock, err = lockDirectory(data); errors.Is(err, errLocked) {
		return nil, fmt.Errorf("%s: in use by a running server: query it with --server URL, which includes pending points", data)
	} else if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			o.Close()
		}
	}()
	wal := filepath.Join(data, "wal")
	if segments, _ := filepath.Glob(filepath.Join(wal, "*.wal")); len(segments) > 0 {
		o.UnstoredLog = wal
	}
	rules, _, err := c.LoadRules()
	if err != nil {
		return nil, err
	}
	templates, err := c.LoadTemplates()
	if err != nil {
		return nil, err
	}
	if o.store, err = whisper.Open(tree, whisper.Options{Layout: rules.Layout, Logger: log}); err != nil {
		return nil, err
	}
	zone, _ := time.LoadLocation(c.Web.TimeZone) // config.Load has validated both
	defines, _ := target.ParseDefines(c.Define)
	o.handler = api.New(api.Options{
		Renderer:  render.New(o.store, render.Options{Limits: renderLimits(c), Defines: defines, Hashes: c.Hashes}),
		Finder:    o.store,
		Templates: func() *graph.Templates { return templates },
		Location:  zone,
		Timeout:   c.Limits.EvaluationTime,
		Logger:    log,
	})
	return o, nil
}

// offlineDirs returns the directory to lock and the whisper tree. If the data
// directory has no whisper tree, it is the tree itself.
func offlineDirs(c *config.Config) (data, tree string, err error) {
	data, tree = c.Data, c.Whisper
	if _, err := os.Stat(tree); errors.Is(err, os.ErrNotExist) {
		if tree, err = filepath.Abs(data); err != nil {
			return "", "", err
		}
		data = filepath.Dir(tree)
	}
	info, err := os.Stat(tree)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s: not a directory", tree)
	}
	return data, tree, err
}

// Close closes the store and unlocks the directory.
func (o *Offline) Close() error {
	var err error
	if o.store != nil {
		err = o.store.Close()
	}
	return errors.Join(err, o.lock.Close())
}

// RoundTrip implements http.RoundTripper.
func (o *Offline) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &response{header: http.Header{}}
	r.RemoteAddr = "127.0.0.1:0"
	o.handler.ServeHTTP(w, r)
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode: w.status,
		Header:     w.header,
		Body:       io.NopCloser(&w.body),
		Request:    r,
	}, nil
}

// response is an http.ResponseWriter that keeps the answer in memory.
type response struct {
	header http.Header
	status int // 0: not written
	body   bytes.Buffer
}

func (w *response) Header() http.Header { return w.header }

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *response) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}
