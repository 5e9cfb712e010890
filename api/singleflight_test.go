package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"carbon/render"
)

func TestFlightsShareAnEvaluation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
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
				_, release, err := f.do(t.Context(), "same", evaluate)
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
				t.Errorf("released when %d have left", i)
			}
			(<-releases)()
		}
		if evaluated != 1 || released != 1 {
			t.Errorf("%d times evaluated, %d released", evaluated, released)
		}
		if _, release, err := f.do(t.Context(), "same", evaluate); err != nil || evaluated != 2 {
			t.Error("a later one gets an old answer")
		} else {
			release()
		}
	})
}

// TestFlightsOfThoseWhoLeave has the first one go away: the others still get an
// answer.
func TestFlightsOfThoseWhoLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
		first, cancel := context.WithCancel(t.Context())
		released := 0
		go func() {
			_, _, err := f.do(first, "same", func() (*render.Result, error) {
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
			_, release, err := f.do(t.Context(), "same", func() (*render.Result, error) {
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
			if _, _, err := f.do(impatient, "same", nil); !errors.Is(err, context.Canceled) {
				t.Errorf("the impatient: %v", err)
			}
			done <- true
		}()
		synctest.Wait()
		stop()
		<-done
		cancel()
		<-done
		if released != 1 || len(f.all) != 0 {
			t.Errorf("%d released, %d go on", released, len(f.all))
		}
	})
}

func TestFlightsOfAPanic(t *testing.T) {
	var f flights
	func() {
		defer func() { _ = recover() }()
		f.do(t.Context(), "same", func() (*render.Result, error) { panic("x") })
	}()
	if len(f.all) != 0 {
		t.Error("it goes on")
	}
}
