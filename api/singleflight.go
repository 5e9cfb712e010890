package api

import (
	"context"
	"errors"
	"sync"

	"carbon/render"
)

// flights are evaluations that go on, and who waits for them: requests that ask the
// same at the same time, as those of a dashboard on many screens, are evaluated once.
type flights struct {
	mu  sync.Mutex
	all map[string]*flight // those that have no result yet
}

type flight struct {
	done   chan struct{} // closed when there is a result or an error
	result *render.Result
	err    error
	users  int // who needs the result, or waits for it
}

// errAbandoned is the error of an evaluation that panicked.
var errAbandoned = errors.New("the evaluation it waited for has failed")

// do returns what evaluate returns, here or in a call with the same key that goes on.
// release is to be called when the result is not needed any more.
func (f *flights) do(ctx context.Context, key string, evaluate func() (*render.Result, error)) (result *render.Result, release func(), err error) {
	for {
		one, leads := f.join(key)
		if leads {
			f.lead(one, key, evaluate)
		}
		select {
		case <-one.done:
		case <-ctx.Done():
			f.leave(one)
			return nil, nil, ctx.Err()
		}
		if one.err == nil {
			return one.result, func() { f.leave(one) }, nil
		}
		// Whoever evaluated it may have had less time, or have gone away.
		gone := errors.Is(one.err, context.Canceled) || errors.Is(one.err, context.DeadlineExceeded)
		if leads || !gone || ctx.Err() != nil {
			return nil, nil, one.err
		}
	}
}

func (f *flights) join(key string) (one *flight, leads bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one = f.all[key]; one == nil {
		one = &flight{done: make(chan struct{}), err: errAbandoned}
		if f.all == nil {
			f.all = make(map[string]*flight)
		}
		f.all[key], leads = one, true
	}
	one.users++
	return one, leads
}

func (f *flights) lead(one *flight, key string, evaluate func() (*render.Result, error)) {
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.all, key)
		close(one.done)
	}()
	one.result, one.err = evaluate()
}

// leave gives back the result when nobody is left who needs it.
func (f *flights) leave(one *flight) {
	f.mu.Lock()
	one.users--
	last := one.users == 0
	f.mu.Unlock()
	if !last {
		return
	}
	select {
	case <-one.done:
		if one.err == nil {
			one.result.Release()
		}
	default: // it goes on: who leads it has not left
	}
}
