// Package server runs `carbon serve`: it opens, connects, reloads and closes all parts
// of the server.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"carbon/api"
	"carbon/cache"
	"carbon/config"
	"carbon/ingest"
	"carbon/receive"
	"carbon/records"
	"carbon/storage/whisper"
	"carbon/wal"
)

// Options of a Server. Config is required.
type Options struct {
	Config  *config.Config
	Reload  func() (*config.Config, error) // loads the configuration again at SIGHUP; nil: keep Config
	Version string                         // of carbon, as clients see it
	Logger  *slog.Logger                   // nil discards
	Level   *slog.LevelVar                 // of Logger, set at SIGHUP; nil: not changed
}

// Server receives and stores datapoints and answers queries.
type Server struct {
	config  *config.Config
	version string
	log     *slog.Logger
	reloaded
	level     *slog.LevelVar                 // as in Options
	reload    func() (*config.Config, error) // as in Options
	lock      *os.File                       // locked data directory
	files     descriptors
	store     *whisper.Store
	wal       *wal.Log
	cache     *cache.Cache
	records   *records.DB // nil: carbon.db could not be opened
	pipeline  *ingest.Pipeline
	receivers []receive.Receiver
	mounts    []api.Route  // routes that accept datapoints
	listener  net.Listener // of HTTP; nil: off
	http      *http.Server
	self      *selfMetrics
	health    *health

	flushTime time.Duration
}

// Open parses the configuration files, opens the store and opens all listeners. The
// kernel buffers what clients send until Run. If another server uses the data
// directory, Open waits until it has ended, at most 30 s or until ctx is done.
func Open(ctx context.Context, o Options) (_ *Server, err error) {
	s := &Server{
		config: o.Config, log: o.Logger, version: o.Version, reload: o.Reload, level: o.Level,
		health: newHealth(starting, replaying), flushTime: flushTime,
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	defer func() {
		if err != nil {
			s.abandon()
		}
	}()
	if err = s.parseFiles(); err != nil {
		return nil, err
	}
	if err = s.openData(ctx); err != nil {
		return nil, err
	}
	if err = s.openPipeline(); err != nil {
		return nil, err
	}
	s.openRecords(ctx)
	s.self = newSelfMetrics(s)
	if err = s.openReceivers(); err != nil {
		return nil, err
	}
	return s, s.listenHTTP()
}

// openData locks the data directory, and opens the store and the write-ahead log.
func (s *Server) openData(ctx context.Context) (err error) {
	c := s.config
	for _, dir := range []string{c.Data, c.Whisper} {
		if err = os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if s.lock, err = lockData(ctx, c.Data, s.log); err != nil {
		return err
	}
	if c.PortsFile != "" {
		if err = removePorts(c.PortsFile); err != nil {
			return err
		}
	}
	s.files = shareDescriptors(c.Cache.MaxReceiverConnections, c.Storage.MaxOpenFiles, s.log)
	if s.store, err = whisper.Open(c.Whisper, whisper.Options{
		Layout:              s.layout,
		TaggedLog:           filepath.Join(c.Data, "tagged.log"),
		Snapshot:            filepath.Join(c.Data, "index"),
		Allocation:          allocation(c.Cache),
		LockWrites:          c.Cache.LockWrites,
		SyncWrites:          c.Cache.Autoflush,
		MaxCreatesPerMinute: c.Cache.MaxCreatesPerMinute,
		MaxOpenFiles:        s.files.whisper,
		Logger:              s.log,
	}); err != nil {
		return err
	}
	s.wal, err = wal.Open(wal.Options{
		Dir:           filepath.Join(c.Data, "wal"),
		SegmentSize:   c.WAL.SegmentSize,
		MaxSize:       c.WAL.MaxSize,
		FlushInterval: c.WAL.FlushInterval,
		Reserve:       wal.DefaultReserve,
		Logger:        s.log,
	})
	return err
}

// openPipeline creates the cache, and the pipeline from receivers through log and
// cache to the store.
func (s *Server) openPipeline() error {
	c := s.config
	strategy, err := cache.ParseStrategy(c.Cache.WriteStrategy)
	if err != nil {
		return err
	}
	s.cache = cache.New(cache.Options{MaxPoints: c.Cache.MaxCacheSize, Strategy: strategy})
	s.pipeline = ingest.New(ingest.Options{
		Cache:                  s.cache,
		Store:                  s.store,
		Logger:                 s.log,
		Log:                    s.wal,
		Unlogged:               !c.WAL.Enabled,
		FlushInterval:          c.WAL.FlushInterval,
		SyncInterval:           c.WAL.SyncInterval,
		MinTimestampResolution: c.Cache.MinTimestampResolution,
		Writers:                ingest.DefaultWriters,
		WriteDelay:             c.Cache.WriteDelay,
		WritePoints:            c.Cache.WritePoints,
		MaxUpdatesPerSecond:    c.Cache.MaxUpdatesPerSecond,
		MaxUpdatesOnShutdown:   c.Cache.MaxUpdatesOnShutdown,
	})
	return s.followNameLists()
}

// allocation returns how to allocate the disk space of new files. As in carbon,
// WHISPER_FALLOCATE_CREATE overrides WHISPER_SPARSE_CREATE.
func allocation(c config.CacheConfig) whisper.Allocation {
	switch {
	case c.FallocateCreate:
		return whisper.Fallocate
	case c.SparseCreate:
		return whisper.Sparse
	}
	return whisper.Full
}

// Run serves until ctx is done. Then it reads the data that clients have already sent
// on accepted connections, stores or logs all points, and returns.
func (s *Server) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	// Background work continues while shutdown reads the connections.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()

	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	running.Go(func() { s.watcher.Run(background, hangup) })
	running.Go(func() { s.self.run(background) })
	running.Go(func() { keepWatchdogAlive(background) })
	running.Go(func() { s.maintainIndex(background) })
	if os.Getenv("GOGC") == "" {
		running.Go(func() { tuneGC(background) })
	}
	writer := make(chan error, 1)
	running.Go(func() { writer <- s.pipeline.Run(background) })
	replayed := make(chan struct{})
	running.Go(func() {
		defer close(replayed)
		s.replay(background)
	})

	var serving errgroup.Group
	failed, fail := context.WithCancel(ctx)
	defer fail()
	for _, r := range s.receivers {
		serving.Go(func() error {
			defer fail()
			return r.Serve(background)
		})
	}
	if s.http != nil {
		serving.Go(func() error {
			defer fail()
			return s.serveHTTP()
		})
	}
	err := s.announce()
	if err == nil {
		<-failed.Done() // ctx is done, or a receiver or the HTTP server has ended
	}
	s.health.set(stopping)
	notify("STOPPING=1")
	s.log.Info("shutting down")
	err = errors.Join(err, s.shutdown(context.WithoutCancel(ctx), func() {
		stop()
		<-replayed
	}, writer))
	return errors.Join(err, serving.Wait())
}

// announce logs the listeners, writes the ports file and notifies systemd.
func (s *Server) announce() error {
	addrs := s.Addrs()
	for _, name := range slices.Sorted(maps.Keys(addrs)) {
		s.log.Info("listening", "receiver", name, "addr", addrs[name])
	}
	if s.config.PortsFile != "" {
		if err := writePorts(s.config.PortsFile, addrs); err != nil {
			return fmt.Errorf("write %s: %w", s.config.PortsFile, err)
		}
	}
	s.health.clear(starting)
	notify("READY=1")
	return nil
}

// Addrs returns the addresses of the listeners by name.
func (s *Server) Addrs() map[string]net.Addr {
	addrs := map[string]net.Addr{}
	for _, r := range s.receivers {
		maps.Copy(addrs, r.Addrs())
	}
	if s.listener != nil {
		addrs["http"] = s.listener.Addr()
	}
	return addrs
}
