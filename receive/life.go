package receive

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// LifeOptions are the options of a Life.
type LifeOptions struct {
	// Limit bounds how long a receiver goes on after Shutdown, before pushes that
	// wait are given up; 0: until Shutdown's context is done.
	Limit time.Duration

	// Release frees what the receiver has opened, such as its port. Shutdown calls
	// it if Serve was not called; nil: there is nothing to free.
	Release func() error
}

// Life implements Serve and Shutdown for a Receiver.
type Life struct {
	o        LifeOptions
	stopping context.Context
	stop     context.CancelFunc
	ended    chan struct{} // closed when Serve returns

	mu    sync.Mutex
	abort context.CancelFunc // nil: not served
}

// NewLife returns the Life of a receiver that was just opened.
func NewLife(o LifeOptions) *Life {
	l := &Life{o: o, ended: make(chan struct{})}
	l.stopping, l.stop = context.WithCancel(context.Background())
	return l
}

// Serve calls run and returns its error. run receives until stopping is done, then
// pushes what was sent before, with the context pushing. When pushing is done too,
// it returns without delay.
func (l *Life) Serve(ctx context.Context, run func(stopping, pushing context.Context) error) error {
	defer close(l.ended)
	defer context.AfterFunc(ctx, l.stop)()
	pushing, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	l.mu.Lock()
	l.abort = abort
	l.mu.Unlock()
	if l.o.Limit > 0 {
		defer context.AfterFunc(l.stopping, func() {
			sleep(pushing, l.o.Limit)
			abort()
		})()
	}
	return run(l.stopping, pushing)
}

// Shutdown makes Serve end and returns when it has returned. When ctx is done
// before, it ends pushing, and returns the error of ctx.
func (l *Life) Shutdown(ctx context.Context) error {
	l.stop()
	l.mu.Lock()
	abort := l.abort
	l.mu.Unlock()
	if abort == nil {
		if l.o.Release != nil {
			return l.o.Release()
		}
		return nil
	}
	select {
	case <-l.ended:
		return nil
	case <-ctx.Done():
	}
	abort()
	<-l.ended
	return ctx.Err()
}

// ServeAll serves receivers that are parts of another one, for the run function of
// Life.Serve. It returns when all have ended. When one fails, the others end too, and
// the error is that of the first.
func ServeAll[R Receiver](stopping, pushing context.Context, parts ...R) error {
	serving, ending := errgroup.WithContext(stopping)
	for _, p := range parts {
		serving.Go(func() error { return p.Serve(ending) })
	}
	defer context.AfterFunc(pushing, func() {
		for _, p := range parts {
			p.Shutdown(pushing) // cuts off, because pushing is done
		}
	})()
	return serving.Wait()
}

// ShutdownAll shuts receivers down at the same time.
func ShutdownAll[R Receiver](ctx context.Context, parts ...R) error {
	errs := make([]error, len(parts))
	var ending sync.WaitGroup
	for i, p := range parts {
		ending.Go(func() { errs[i] = p.Shutdown(ctx) })
	}
	ending.Wait()
	return errors.Join(errs...)
}
