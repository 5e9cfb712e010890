package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"carbon/api"
	"carbon/cache"
	"carbon/config"
	"carbon/ingest"
	"carbon/records"
	"carbon/render"
	"carbon/render/target"
	"carbon/storage/whisper"
	"carbon/wal"
	"carbon/web"
)

// flushTime bounds how long storing may take when the server ends: with the 10 s
// that reading connections may take it stays within the 30 s after which
// supervisors lose their patience. What is left then is in the log.
const flushTime = 15 * time.Second

// replayRetry is how long the server waits before it reads a log again that the
// disk did not give.
const replayRetry = 5 * time.Second

// lockTime is how long a server waits for another to leave its data directory:
// as long as that may take to end.
const lockTime = 30 * time.Second

// Options of a Server. Config is needed.
type Options struct {
	Config  *config.Config
	Reload  func() (*config.Config, error) // reads the configuration again; nil: it does not change
	Version string                         // of the product, for clients
	Logger  *slog.Logger                   // nil discards
	Level   *slog.LevelVar                 // of the logger, set at reload; nil: it does not change
}

// Server is everything that `carbon serve` runs.
type Server struct {
	config  *config.Config
	version string
	log     *slog.Logger
	reloaded
	level    *slog.LevelVar // nil: it does not change
	lock     *os.File       // of the data directory
	files    openFiles
	store    *whisper.Store
	wal      *wal.Log
	cache    *cache.Cache
	records  *records.DB // nil: it could not be opened
	pipeline *ingest.Pipeline
	ways     []receiver                     // in, besides HTTP
	reload   func() (*config.Config, error) // reads the configuration again; nil: it does not change
	mounts   []api.Mount                    // paths of HTTP that datapoints are posted to
	httpAddr net.Listener                   // nil: off
	http     *http.Server
	self     *selfWatch
	health   *health

	flushTime time.Duration
}

// Open reads the storage rules, opens the store and binds every listener. What
// clients send from then on waits in the kernel until Run. While another server
// uses the data directory Open waits for its end, until ctx is cancelled or for
// half a minute.
func Open(ctx context.Context, o Options) (_ *Server, err error) {
	c, log := o.Config, o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	m := &Server{config: c, log: log, version: o.Version, reload: o.Reload, level: o.Level, health: newHealth(starting, replaying), flushTime: flushTime}
	defer func() {
		if err != nil {
			m.closeListeners()
		}
	}()
	if err = m.parseFiles(); err != nil {
		return nil, err
	}
	for _, dir := range []string{c.Data, c.Whisper} {
		if err = os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if m.lock, err = m.lockData(ctx); err != nil {
		return nil, err
	}
	if c.PortsFile != "" {
		if err = removePorts(c.PortsFile); err != nil {
			return nil, err
		}
	}
	m.files = shareFiles(c.Cache.MaxReceiverConnections, c.Storage.MaxOpenFiles, log)
	if m.store, err = whisper.Open(c.Whisper, whisper.Options{
		Layout:              m.layout,
		TaggedLog:           filepath.Join(c.Data, "tagged.log"),
		Snapshot:            filepath.Join(c.Data, "index"),
		Allocation:          allocation(c.Cache),
		LockWrites:          c.Cache.LockWrites,
		SyncWrites:          c.Cache.Autoflush,
		MaxCreatesPerMinute: c.Cache.MaxCreatesPerMinute,
		MaxOpenFiles:        orNone(m.files.whisper),
		Logger:              log,
	}); err != nil {
		return nil, err
	}
	if m.wal, err = wal.Open(wal.Options{
		Dir:           filepath.Join(c.Data, "wal"),
		SegmentSize:   c.WAL.SegmentSize,
		MaxSize:       c.WAL.MaxSize,
		FlushInterval: c.WAL.FlushInterval,
		Logger:        log,
	}); err != nil {
		return nil, err
	}
	m.openRecords(ctx)
	strategy, err := cache.ParseStrategy(c.Cache.WriteStrategy)
	if err != nil {
		return nil, err
	}
	m.cache = cache.New(cache.Options{MaxPoints: c.Cache.MaxCacheSize, Strategy: strategy})
	m.pipeline = ingest.New(ingest.Options{
		Cache:                  m.cache,
		Store:                  m.store,
		Logger:                 log,
		Log:                    m.wal,
		Unlogged:               !c.WAL.Enabled,
		FlushInterval:          c.WAL.FlushInterval,
		SyncInterval:           orNone(c.WAL.SyncInterval),
		MinTimestampResolution: c.Cache.MinTimestampResolution,
		WriteDelay:             orNone(c.Cache.WriteDelay),
		WritePoints:            c.Cache.WritePoints,
		MaxUpdatesPerSecond:    c.Cache.MaxUpdatesPerSecond,
		MaxUpdatesOnShutdown:   c.Cache.MaxUpdatesOnShutdown,
	})
	if err = m.followNameLists(); err != nil {
		return nil, err
	}
	m.self = newSelfWatch(m)
	if err = m.listen(); err != nil {
		return nil, err
	}
	return m, nil
}

// lockData makes this the only server that uses the data directory: two would
// write over each other's tagged.log.
func (m *Server) lockData(ctx context.Context) (*os.File, error) {
	begin := time.Now()
	for waiting := false; ; waiting = true {
		lock, err := LockDirectory(m.config.Data)
		if !errors.Is(err, ErrLocked) {
			return lock, err
		}
		if time.Since(begin) > lockTime {
			return nil, fmt.Errorf("%s: %w", m.config.Data, err)
		}
		if !waiting {
			m.log.Warn("another server uses the data directory; waiting for its end", "data", m.config.Data, "at most", lockTime)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w: %w", m.config.Data, err, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// allocation is how new files take their room; one that the file system keeps wins
// over one with holes, as in carbon.
func allocation(c config.CacheConfig) whisper.Allocation {
	switch {
	case c.FallocateCreate:
		return whisper.Fallocate
	case c.SparseCreate:
		return whisper.Sparse
	}
	return whisper.Full
}

// orNone is a setting as options want it where 0 is the default: negative for none.
func orNone[T int | time.Duration](setting T) T {
	if setting == 0 {
		return -1
	}
	return setting
}

func (m *Server) listen() error {
	c := m.config
	if err := m.openReceivers(); err != nil {
		return err
	}
	if c.HTTP != "off" {
		listener, err := net.Listen("tcp", c.HTTP)
		if err != nil {
			return fmt.Errorf("--http: listen for HTTP: %w", err)
		}
		m.httpAddr = listener
		m.http = m.httpServer(m.handler())
		m.http.TLSConfig = m.tlsConfig()
	}
	return nil
}

// handler is the HTTP side of the server.
func (m *Server) handler() http.Handler {
	c := m.config
	zone, _ := time.LoadLocation(c.Web.TimeZone) // validated with the configuration
	defines, _ := target.ParseDefines(c.Define)  // so are they
	source := cache.NewReader(m.cache, m.store)
	engine := render.New(source, render.Options{Events: m.happened, Limits: RenderLimits(c), Defines: defines, Hashes: c.Hashes})
	var events api.Events // these stay nil where there is no database
	var documents api.Documents
	var links api.Links
	if m.records != nil {
		events, documents, links = m.records, m.records, m.records
	}
	app, err := web.ReadApp()
	if err != nil {
		m.log.Warn("only plain pages are served", "err", err)
	}
	o := m.apiBasics()
	o.Renderer = engine
	o.Finder = source
	o.Searcher = m.store
	o.App = app
	o.Tags = m.store
	o.Events = events
	o.Documents = documents
	o.Links = links
	o.Describer = m.store
	o.Measurer = m.store
	o.Deleter = m.pipeline
	o.Aggregator = m.store
	o.CacheDuration = c.Web.CacheDuration
	o.Templates = m.templates.Load
	o.Location = zone
	o.Line = m.addrOf("line")
	o.Own = []string{c.Cache.MetricPrefix + ".agents.*.metricsReceived", c.Cache.MetricPrefix + ".agents.*.committedPoints"}
	o.Health = m.health.Reasons
	o.Metrics = m.self.writePrometheus
	o.Config = c.WriteMasked
	o.MaxRequests = c.Limits.ConcurrentRequests
	o.Mounts = m.mounts
	return api.New(o)
}

// protocols are the versions of HTTP that are spoken: all of them, and HTTP/2
// without TLS too, to those who know before (h2c).
func protocols() *http.Protocols {
	p := &http.Protocols{}
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

// serveHTTP serves until the server is shut down.
func (m *Server) serveHTTP() (err error) {
	if m.http.TLSConfig != nil {
		err = m.http.ServeTLS(m.httpAddr, "", "")
	} else {
		err = m.http.Serve(m.httpAddr)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// RenderLimits are the limits of evaluation that the [limits] section sets.
func RenderLimits(c *config.Config) render.Limits {
	return render.Limits{
		Targets: c.Limits.TargetsPerRequest,
		Series:  c.Limits.SeriesPerQuery,
		Points:  c.Limits.PointsPerQuery,
		AtOnce:  c.Limits.PointsAtOnce,
		Time:    c.Limits.EvaluationTime,
	}
}

// Run serves until ctx is cancelled, then reads every connection to its end,
// stores all that was received, and returns. Nothing a client had written
// before then to a connection is lost.
func (m *Server) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	// The background lives on while connections are read to their end.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()

	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	running.Go(func() { m.watcher.Run(background, reload) })
	running.Go(func() { m.self.run(background) })
	running.Go(func() { m.beatWatchdog(background) })
	if os.Getenv("GOGC") == "" {
		running.Go(func() { tuneGC(background) })
	}
	writer := make(chan error, 1)
	running.Go(func() { writer <- m.pipeline.Run(background) })
	replayed := make(chan struct{})
	running.Go(func() {
		defer close(replayed)
		m.replay(background)
	})
	running.Go(func() { m.keepIndex(background) })

	var serving errgroup.Group
	failed, fail := context.WithCancel(ctx)
	defer fail()
	serve := func(listener func() error) {
		serving.Go(func() error {
			defer fail()
			return listener()
		})
	}
	for _, way := range m.ways {
		serve(func() error { return way.serve(background) })
	}
	if m.http != nil {
		serve(func() error {
			return m.serveHTTP()
		})
	}
	err := m.announce()
	if err == nil {
		<-failed.Done() // told to stop, or a listener cannot go on
	}
	m.health.set(stopping)
	notify("STOPPING=1")
	m.log.Info("stopping")
	err = errors.Join(err, m.shutdown(context.WithoutCancel(ctx), func() {
		stop()
		<-replayed
	}, writer))
	return errors.Join(err, serving.Wait())
}

// replay takes in what an earlier run left in the log, beside what clients send.
// Until it is done the server answers, but is not healthy.
func (m *Server) replay(ctx context.Context) {
	err := m.pipeline.Replay(ctx)
	for err != nil && ctx.Err() == nil {
		m.log.Error("the log of an earlier run cannot be read, will try again", "in", replayRetry, "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(replayRetry):
			err = m.pipeline.Replay(ctx)
		}
	}
	if err == nil {
		m.health.clear(replaying)
	}
}

// saveEvery is how often the index is written to disk, if it has changed: what is
// newer is in the log, or found by the next check of the tree.
const saveEvery = 5 * time.Minute

// keepIndex compares the index with the tree, at once if it is from a snapshot, and
// every RESCAN_INTERVAL, and saves it.
func (m *Server) keepIndex(ctx context.Context) {
	check := func() {
		if err := m.store.Check(ctx); err != nil && ctx.Err() == nil {
			m.log.Error("tree not looked through", "err", err)
		}
		m.saveIndex()
	}
	if m.store.Checked() {
		m.saveIndex()
	} else {
		check()
	}
	save := time.NewTicker(saveEvery)
	defer save.Stop()
	rescan := make(<-chan time.Time)
	if every := m.config.Storage.RescanInterval; every > 0 {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		rescan = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-rescan:
			check()
		case <-save.C:
			m.saveIndex()
		}
	}
}

func (m *Server) saveIndex() {
	if err := m.store.SaveIndex(); err != nil {
		m.log.Error("index not saved: the next start looks through the tree", "err", err)
	}
}

// announce tells the world that the server is up.
func (m *Server) announce() error {
	addrs := m.Addrs()
	for name, addr := range addrs {
		m.log.Info("listening", "for", name, "addr", addr)
	}
	if m.config.PortsFile != "" {
		if err := writePorts(m.config.PortsFile, addrs); err != nil {
			return fmt.Errorf("write %s: %w", m.config.PortsFile, err)
		}
	}
	m.health.clear(starting)
	notify("READY=1")
	return nil
}

// Addrs are the addresses listened on, by the names of the ports file.
func (m *Server) Addrs() map[string]net.Addr {
	addrs := map[string]net.Addr{}
	for _, way := range m.ways {
		if way.addr != nil {
			addrs[way.name] = way.addr
		}
	}
	if m.httpAddr != nil {
		addrs["http"] = m.httpAddr.Addr()
	}
	return addrs
}

// shutdown ends what Run started, receivers first, so that everything they took
// passes through the cache into the store.
func (m *Server) shutdown(ctx context.Context, stopBackground func(), writer <-chan error) error {
	var errs []error
	m.pipeline.Hurry()
	m.store.Hurry()
	errs = append(errs, m.shutdownReceivers(ctx))
	stopBackground()
	errs = append(errs, <-writer, m.flush(ctx))
	if m.http != nil {
		impatient, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if m.http.Shutdown(impatient) != nil {
			m.http.Close()
		}
	}
	m.saveIndex()
	errs = append(errs, m.wal.Close(), m.store.Close(), m.closeRecords(), m.lock.Close())
	err := errors.Join(errs...)
	if err == nil {
		m.log.Info("everything received is kept")
	}
	return err
}

// flush stores what is in the cache. What takes too long, or cannot be stored,
// stays in the log, or goes into it now, for the next start.
func (m *Server) flush(ctx context.Context) error {
	m.log.Info("storing what was received", "points", m.cache.Size())
	bounded, cancel := context.WithTimeout(ctx, m.flushTime)
	defer cancel()
	why := m.pipeline.Flush(bounded)
	if why == nil {
		return nil
	}
	left := m.cache.Size()
	keep := m.wal.Sync
	if !m.config.WAL.Enabled {
		keep = func() error {
			_, err := m.pipeline.Save()
			return err
		}
	}
	if err := keep(); err != nil {
		return fmt.Errorf("points are lost: %w, and %w", why, err)
	}
	m.log.Warn("the next start stores the rest", "points", left, "why", why)
	return nil
}

func (m *Server) closeListeners() {
	m.shutdownReceivers(context.Background())
	if m.httpAddr != nil {
		m.httpAddr.Close()
	}
	if m.wal != nil {
		m.wal.Close()
	}
	if m.store != nil {
		m.store.Close()
	}
	m.closeRecords()
	if m.lock != nil {
		m.lock.Close()
	}
}

// beatWatchdog gives systemd its signs of life.
func (m *Server) beatWatchdog(ctx context.Context) {
	period := watchdogPeriod()
	if period == 0 {
		return
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			notify("WATCHDOG=1")
		}
	}
}
