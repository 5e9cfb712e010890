package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"carbon/render"
)

func TestEqualRequestsShareAnEvaluation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e evaluations
		evaluated, released := 0, 0
		proceed := make(chan struct{})
		evaluate := func() (*render.Result, error) {
			evaluated++
			<-proceed
			return render.NewResult(nil, func() { released++ }), nil
		}
		releases := make(chan func(), 3)
		for range 3 {
			go func() {
				_, release, err := e.do(t.Context(), "same", evaluate)
				if err != nil {
					t.Error(err)
				}
				releases <- release
			}()
		}
		synctest.Wait()
		close(proceed)
		for i := range 3 {
			if released != 0 {
				t.Errorf("released after %d of 3 left", i)
			}
			(<-releases)()
		}
		if evaluated != 1 || released != 1 {
			t.Errorf("%d times evaluated, %d released", evaluated, released)
		}
		if _, release, err := e.do(t.Context(), "same", evaluate); err != nil || evaluated != 2 {
			t.Error("a later request got the old result")
		} else {
			release()
		}
	})
}

// TestLeaderCancelled cancels the request that evaluates: the others still get an answer.
func TestLeaderCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e evaluations
		first, cancel := context.WithCancel(t.Context())
		released := 0
		go func() {
			_, _, err := e.do(first, "same", func() (*render.Result, error) {
				<-first.Done()
				return nil, first.Err()
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the first: %v", err)
			}
		}()
		synctest.Wait()
		done := make(chan bool)
		go func() {
			_, release, err := e.do(t.Context(), "same", func() (*render.Result, error) {
				return render.NewResult(nil, func() { released++ }), nil
			})
			if err != nil {
				t.Errorf("the second: %v", err)
			} else {
				release()
			}
			done <- true
		}()
		impatient, stop := context.WithCancel(t.Context())
		go func() {
			if _, _, err := e.do(impatient, "same", nil); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled waiter: %v", err)
			}
			done <- true
		}()
		synctest.Wait()
		stop()
		<-done
		cancel()
		<-done
		if released != 1 || len(e.running) != 0 {
			t.Errorf("%d released, %d still running", released, len(e.running))
		}
	})
}

func TestEvaluationPanics(t *testing.T) {
	var e evaluations
	func() {
		defer func() { _ = recover() }()
		e.do(t.Context(), "same", func() (*render.Result, error) { panic("x") })
	}()
	if len(e.running) != 0 {
		t.Error("still counted as running")
	}
}
