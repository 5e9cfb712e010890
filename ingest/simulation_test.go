package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"carbon/cache"
	"carbon/disk/disktest"
	"carbon/metric"
	"carbon/storage"
	"carbon/wal"
)

// TestSimulation runs random histories of a server. Senders, log, cache, writers,
// checkpoints and store take turns in one goroutine, in an order given by a seed, on
// a disk that fails and crashes at any operation. SIMULATION_SEED=n with -v prints
// history n.
func TestSimulation(t *testing.T) { simulateMany(t, false) }

// TestSimulationOfWhisper does the same with the real store.
func TestSimulationOfWhisper(t *testing.T) { simulateMany(t, true) }

func simulateMany(t *testing.T, real bool) {
	if seed, err := strconv.ParseUint(os.Getenv("SIMULATION_SEED"), 10, 64); err == nil {
		s := newSimulation(seed, mutant{}, real)
		s.trace = t.Logf
		if failure := s.run(); failure != "" {
			t.Error(failure)
		}
		return
	}
	limit := 4 * time.Second
	if os.Getenv("SOAK") != "" {
		limit = 5 * time.Minute
	}
	n := uint64(0)
	for begin := time.Now(); time.Since(begin) < limit; n++ {
		if failure := simulate(n, mutant{}, real); failure != "" {
			t.Fatalf("%s\nagain: SIMULATION_SEED=%d go test -v -run '%s$' ./ingest", failure, n, t.Name())
		}
	}
	t.Logf("%d histories", n)
}

// TestSimulationFindsLostPoints has mutants of the server that lose points.
func TestSimulationFindsLostPoints(t *testing.T) {
	f := func(what string, m mutant) {
		t.Helper()
		const most = 3000
		for seed := range uint64(most) {
			if failure := simulate(seed, m, false); failure != "" {
				t.Logf("%s: found by history %d: %s", what, seed, failure)
				return
			}
		}
		t.Errorf("%s: not found by %d histories", what, most)
	}
	f("the checkpoint runs between log and cache", mutant{unlocked: true})
	f("the log is shortened before the store is synced", mutant{removeFirst: true})
	f("points are stored before the log is flushed", mutant{unflushed: true})
}

// TestSimulationRepeats checks that a seed always gives the same history.
func TestSimulationRepeats(t *testing.T) {
	run := func(seed uint64) (events []string) {
		s := newSimulation(seed, mutant{}, false)
		s.trace = func(format string, args ...any) { events = append(events, fmt.Sprintf(format, args...)) }
		s.run()
		return events
	}
	for seed := range uint64(20) {
		if first, second := run(seed), run(seed); !slices.Equal(first, second) {
			t.Errorf("history %d is another when it is told again", seed)
		}
	}
}

// mutant is a server with a fault.
type mutant struct {
	unlocked    bool // Append and Add are not under one lock
	removeFirst bool // Remove comes before Sync
	unflushed   bool // the log is not flushed before Write
}

// simulation is one history.
type simulation struct {
	mutant  mutant
	real    bool // the store is
	rng     *rand.Rand
	trace   func(format string, args ...any)
	failure string // the first

	disk    *disktest.Disk
	store   simulatedStore
	known   *knowledge
	maxSize int64 // of the log

	// The current process.
	now     int64
	log     *simLog
	cache   *cache.Cache
	p       *Pipeline
	writers []*writer // those that are not at work
	pushing bool
	looking bool // it is the test that uses the disk
	healing bool // a checkpoint is being made
	quiet   bool // nobody takes turns

	// What will happen to it.
	faults  float64 // how likely an operation of the disk fails
	delays  float64 // how likely the store puts off a metric that is new to it
	crashIn int     // operations; 0: never
	power   bool
	dead    bool
}

// simulatedStore is a store that outlives a process.
type simulatedStore interface {
	Store
	storage.Deleter
	BeginShutdown()
	open() error // by a process that begins
	get(at slot) (value float64, ok bool)
	crash(power bool)
}

const (
	simMetrics = 4 // of each sender; and as many that all of them send
	simSenders = 3
	simStart   = 1_700_000_000
)

// simulate runs the history of a seed, with the real store or a model, and returns
// what went wrong.
func simulate(seed uint64, m mutant, real bool) (failure string) {
	return newSimulation(seed, m, real).run()
}

func newSimulation(seed uint64, m mutant, real bool) *simulation {
	s := &simulation{mutant: m, real: real, rng: rand.New(rand.NewPCG(seed, 1)), now: (simStart + 2*86400) * int64(time.Second)}
	s.trace = func(string, ...any) {}
	s.disk = disktest.New(disktest.Options{Rand: s.rng, Capacity: s.pick(0, 0, 60_000)})
	s.disk.SetHook(s.hook)
	if s.store = newSimStore(s); real {
		s.disk.SetCapacity(0) // the log must leave room for files to be made
		s.store = &simWhisper{s: s}
	}
	s.known = newKnowledge(s)
	s.maxSize = s.pick(8_000, 30_000, 1<<20)
	return s
}

func (s *simulation) run() (failure string) {
	for range 4 {
		if s.life(); s.failure != "" {
			return s.failure
		}
	}
	return ""
}

func (s *simulation) pick(values ...int64) int64 { return values[s.rng.IntN(len(values))] }

func (s *simulation) fail(format string, args ...any) {
	if s.failure == "" {
		s.failure = fmt.Sprintf(format, args...)
	}
}

// fault is called by every operation of disk and store.
func (s *simulation) fault() error {
	if s.crashIn > 0 {
		if s.crashIn--; s.crashIn == 0 {
			s.dead = true
			if s.power {
				return disktest.ErrPowerCut
			}
			return disktest.ErrKill
		}
	}
	if s.faults == 0 || s.rng.Float64() >= s.faults {
		return nil
	}
	return []error{syscall.EIO, syscall.ENOSPC, syscall.EROFS, syscall.EMFILE}[s.rng.IntN(4)]
}

func (s *simulation) hook(op disktest.Op) error {
	if s.looking {
		return nil
	}
	faults := s.faults
	if op.Name == "read" {
		s.faults = 0 // what the log cannot read it takes for damage, and goes on
	}
	err := s.fault()
	s.faults = faults
	// A torn point of a whisper file is written again, unless it is deleted meanwhile
	// and the deletion fails.
	if err != nil && !s.dead && op.Len > 0 && s.rng.IntN(2) == 0 && strings.HasPrefix(op.Path, "/wal/") {
		return &disktest.Short{Done: s.rng.IntN(op.Len), Err: err}
	}
	return err
}

// life is one process, from its start to its end.
func (s *simulation) life() {
	s.faults, s.delays, s.crashIn, s.dead, s.power = 0, 0, 0, false, false
	s.pushing, s.healing, s.quiet = false, false, false
	if s.start(); s.failure != "" {
		return
	}
	s.known.begin()
	if s.rng.IntN(4) > 0 {
		s.crashIn, s.power = 1+s.rng.IntN(600), s.rng.IntN(2) == 0
	}
	s.steps(s.rng.IntN(20)) // senders come before all is replayed
	s.replay()
	s.steps(s.rng.IntN(300))
	s.faults, s.delays = 0, 0
	if !s.dead && s.rng.IntN(2) == 0 {
		s.crashIn = 0
		s.drain()
	}
	switch {
	case s.failure != "":
		return
	case s.dead:
	case s.crashIn == 0 && s.rng.IntN(2) == 0:
		s.end()
	case s.rng.IntN(2) == 0:
		s.disk.Kill()
	default:
		s.power = true
		s.disk.PowerCut()
	}
	s.trace("end of life: dead %v, power cut %v, %s", s.dead, s.power, s.failure)
	s.store.crash(s.power)
	s.known.crash(s.power)
}

// start starts a process.
func (s *simulation) start() {
	log, err := wal.Open(wal.Options{
		Dir: "/wal", FS: s.disk.Mount(), Reserve: s.pick(wal.DefaultReserve, 0),
		SegmentSize: s.pick(300, 1500, 10_000), MaxSize: s.maxSize,
		FlushInterval: time.Duration(s.pick(0, int64(wal.DefaultFlushInterval), int64(time.Hour))),
	})
	if err != nil {
		s.fail("open the log: %v", err)
		return
	}
	s.log = &simLog{Log: log, s: s}
	if err := s.store.open(); err != nil {
		s.fail("open the store: %v", err)
		return
	}
	s.cache = cache.New(cache.Options{MaxPoints: s.pick(20, 100, 2000), Strategy: cache.Strategy(s.pick(int64(cache.TimeSorted), int64(cache.MostPoints)))})
	s.p = New(Options{
		Cache: s.cache, Store: s.store, Log: s.log,
		Now:          s.clock,
		Writers:      1,
		WriteDelay:   time.Duration(s.pick(0, int64(10*time.Second), int64(DefaultWriteDelay))),
		WritePoints:  int(s.pick(5, 100)),
		SyncInterval: time.Duration(s.pick(int64(DefaultSyncInterval), int64(DefaultSyncInterval), 0)),
	})
	s.writers = []*writer{{p: s.p}, {p: s.p}}
}

// end shuts the process down.
func (s *simulation) end() {
	s.quiet = true
	s.p.BeginShutdown()
	s.store.BeginShutdown()
	err := s.p.Flush(context.Background())
	if err == nil {
		err = s.log.Close()
	}
	if err != nil {
		s.fail("end: %v", err)
		return
	}
	s.known.synced()
	s.disk.Kill()
}

// replay replays the log, in several attempts if needed, while everything else goes
// on. Then every point must be readable.
func (s *simulation) replay() {
	for try := 0; !s.dead && s.failure == ""; try++ {
		if try == 3 {
			s.faults, s.delays = 0, 0
		}
		err := s.p.Replay(context.Background())
		s.trace("replay: %v", err)
		if err == nil {
			if !s.dead {
				s.known.verify()
			}
			return
		}
		if try > 50 {
			s.fail("replay: %v", err)
		}
	}
}

// steps takes n steps.
func (s *simulation) steps(n int) {
	for range n {
		if s.dead || s.failure != "" {
			return
		}
		if s.rng.IntN(30) == 0 {
			s.faults = []float64{0, 0, 0.1, 0.7}[s.rng.IntN(4)]
			s.delays = []float64{0, 0.5}[s.rng.IntN(2)]
		}
		s.step()
		s.check()
	}
}

// between takes some steps inside of another step.
func (s *simulation) between() {
	for !s.quiet && s.rng.IntN(3) == 0 && !s.dead && s.failure == "" {
		s.step()
	}
}

func (s *simulation) step() {
	switch op := s.rng.IntN(20); {
	case op < 8:
		s.push()
	case op < 10:
		_ = s.log.Flush()
	case op < 11:
		_ = s.log.Sync()
	case op < 15:
		s.write()
	case op < 17:
		s.checkpoint()
	case op < 18:
		if s.rng.IntN(3) > 0 {
			s.fenced(s.p.forget)
		} else {
			s.delete()
		}
	default:
		s.now += s.rng.Int64N(int64(10 * time.Second))
		switch s.rng.IntN(20) {
		case 0:
			s.now += int64(2 * forgetAfter)
		case 1:
			s.now -= s.rng.Int64N(int64(time.Hour)) // the clock is set back
		}
	}
}

// push has a sender send points. Where a push would wait it gives up, and no point
// was accepted then.
func (s *simulation) push() {
	if s.pushing {
		return // so that the order in the log is that of the senders
	}
	s.pushing = true
	defer func() { s.pushing = false }()
	points := s.known.send()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := s.p.Push(ctx, points)
	s.trace("push %v: %v", points, err)
	if err != nil && !errors.Is(err, context.Canceled) {
		s.fail("push: %v", err)
	}
	s.known.sent(err == nil)
}

// delete deletes metrics, if no writer is in the middle of a step.
func (s *simulation) delete() {
	if !s.known.verified || s.pushing || len(s.writers) < 2 {
		return
	}
	names := []string{fmt.Sprintf("sender%d.metric%d", s.rng.IntN(simSenders), s.rng.IntN(simMetrics)), fmt.Sprintf("shared.metric%d", simMetrics+s.rng.IntN(simMetrics))}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.quiet = true // it keeps all others waiting
	_, err := s.p.Delete(ctx, names)
	s.quiet = false
	s.trace("delete %v: %v", names, err)
	s.known.deleted(names, err != nil || s.dead)
}

// write has a writer take a step, unless it is in the middle of one.
func (s *simulation) write() {
	if len(s.writers) == 0 {
		return
	}
	w := s.writers[0]
	s.writers = s.writers[1:]
	w.next(context.Background())
	s.writers = append(s.writers, w)
}

// fenced runs an operation that locks out pushes, if the lock is free.
func (s *simulation) fenced(f func()) {
	if s.p.pushing.TryLock() {
		s.p.pushing.Unlock()
		f()
	}
}

func (s *simulation) checkpoint() {
	if s.healing {
		return
	}
	s.healing = true
	defer func() { s.healing = false }()
	s.fenced(func() {
		if s.rng.IntN(2) == 0 || s.p.checkpointDue() {
			_ = s.p.checkpoint(context.Background())
		}
	})
}

// check compares what can be seen from outside with what is known.
func (s *simulation) check() {
	if s.dead || s.failure != "" {
		return
	}
	// One record may exceed the limit, and so may the reserve.
	if size, bound := s.log.Size(), s.maxSize+s.maxSize/16+2000; size > bound {
		s.fail("the log has %d bytes, its bound is %d", size, s.maxSize)
	}
	if s.rng.IntN(10) == 0 {
		s.known.look()
	}
}

// drain lets a server without faults store everything. Then the log is empty, and
// no sender waits.
func (s *simulation) drain() {
	s.quiet = true
	for round := 0; s.cache.Size() > 0; round++ {
		if round > 1000 || s.failure != "" {
			s.fail("%d points are left in the cache", s.cache.Size())
			return
		}
		s.now += int64(time.Minute)
		s.write()
		if s.p.checkpointDue() {
			s.checkpoint()
		}
	}
	if err := s.p.checkpoint(context.Background()); err != nil {
		s.fail("checkpoint: %v", err)
	}
	if n := s.log.Size(); n > 0 {
		s.fail("%d bytes are left in the log", n)
	}
	s.known.stored()
	s.known.look()
	if taken := len(s.known.ops); s.failure == "" {
		if s.push(); len(s.known.ops) == taken {
			s.fail("a push waits for an empty cache and an empty log")
		}
	}
}

// simLog is a log that lets others take steps between its operations.
type simLog struct {
	*wal.Log
	s *simulation
}

func (l *simLog) Append(now int64, encode func(segment uint64, b []byte) []byte) (int64, error) {
	s := l.s
	at, err := l.Log.Append(now, encode)
	s.trace("append at %d: %v", at, err)
	if err != nil {
		return at, err
	}
	if s.mutant.unlocked && s.pushing {
		s.p.pushing.RUnlock()
		s.quiet = true
		s.checkpoint()
		s.quiet = false
		s.p.pushing.RLock()
	}
	s.between()
	return at, nil
}

func (l *simLog) Flush() error {
	storing := len(l.s.writers) < 2
	if storing && l.s.mutant.unflushed {
		return nil
	}
	err := l.Log.Flush()
	l.s.trace("flush: %v", err)
	l.s.known.impaired = l.s.known.impaired || storing && err != nil
	if err == nil && !l.s.dead {
		l.s.known.flushed()
	}
	return err
}

func (l *simLog) Sync() error {
	err := l.Log.Sync()
	l.s.trace("sync: %v", err)
	if err == nil && !l.s.dead {
		l.s.known.synced()
	}
	return err
}

func (l *simLog) Remove(before int64) error {
	err := l.Log.Remove(before)
	l.s.trace("remove before %d: %v, %d bytes left", before, err, l.Log.Size())
	if l.s.mutant.removeFirst {
		l.s.between()
		_ = l.s.store.(*simStore).sync()
	}
	return err
}

// errNoRoom ends a replay that would wait for ever.
var errNoRoom = errors.New("the writers make no room")

func (l *simLog) Replay(ctx context.Context, fn func(at int64, segment uint64, payload []byte) error) (wal.ReplayStats, error) {
	s := l.s
	return l.Log.Replay(ctx, func(at int64, segment uint64, payload []byte) error {
		s.between()
		for try := 0; s.cache.Takeable() > s.cache.MaxPoints()/2; try++ {
			if try > 1000 {
				return errNoRoom
			}
			s.now += int64(time.Second)
			s.write()
		}
		if s.dead {
			return disktest.ErrDead
		}
		s.trace("replay of record of segment %d, at %d", segment, at)
		return fn(at, segment, payload)
	})
}

// points over the store, as a reader sees them.
func (s *simulation) visible(name string, at int64) (value float64, ok bool) {
	points, _ := s.cache.Points(name)
	for _, p := range points {
		if p.Time == at {
			return p.Value, true
		}
	}
	return s.store.get(slot{name, at})
}

var _ Log = (*simLog)(nil)

func simPoint(o op) metric.Datapoint { return point(o.name, o.time, o.value) }
