package api

import (
	"context"
	"errors"
	"sync"

	"carbon/render"
)

// evaluations shares running evaluations: equal requests at the same time, such as
// those of a dashboard on many screens, are evaluated once.
type evaluations struct {
	mu      sync.Mutex
	running map[string]*evaluation
}

type evaluation struct {
	done   chan struct{} // closed when there is a result or an error
	result *render.Result
	err    error
	users  int // requests that need the result, or wait for it
}

// errPanicked is the error of an evaluation that panicked, for the requests that waited.
var errPanicked = errors.New("the evaluation of an equal request panicked")

// do returns what evaluate returns, called here or by a running call with the same key.
// The caller calls release when it no longer needs the result.
func (e *evaluations) do(ctx context.Context, key string, evaluate func() (*render.Result, error)) (result *render.Result, release func(), err error) {
	for {
		one, leads := e.join(key)
		if leads {
			e.lead(one, key, evaluate)
		}
		select {
		case <-one.done:
		case <-ctx.Done():
			e.leave(one)
			return nil, nil, ctx.Err()
		}
		if one.err == nil {
			return one.result, func() { e.leave(one) }, nil
		}
		// The request that evaluated may have been cancelled, or had less time left.
		cancelled := errors.Is(one.err, context.Canceled) || errors.Is(one.err, context.DeadlineExceeded)
		if leads || !cancelled || ctx.Err() != nil {
			return nil, nil, one.err
		}
	}
}

// join adds a user to the evaluation of a key. A caller that leads must call lead.
func (e *evaluations) join(key string) (one *evaluation, leads bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if one = e.running[key]; one == nil {
		one = &evaluation{done: make(chan struct{}), err: errPanicked}
		if e.running == nil {
			e.running = make(map[string]*evaluation)
		}
		e.running[key], leads = one, true
	}
	one.users++
	return one, leads
}

func (e *evaluations) lead(one *evaluation, key string, evaluate func() (*render.Result, error)) {
	defer func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.running, key)
		close(one.done)
	}()
	one.result, one.err = evaluate()
}

// leave removes a user, and releases the result after the last one.
func (e *evaluations) leave(one *evaluation) {
	e.mu.Lock()
	one.users--
	last := one.users == 0
	e.mu.Unlock()
	if !last {
		return
	}
	select {
	case <-one.done:
		if one.err == nil {
			one.result.Release()
		}
	default: // still running; the leader has not left
	}
}
