package whisper

import (
	"math"

	"carbon/metric"
)

// fetch returns what the file holds for a window, as whisper.py does: from the
// finest archive that reaches back from now to the window's beginning, with the
// ends clamped to what is kept and to now. Values start one step after From's,
// the last is that of Until; a window of no length is one step long. ok is false
// if all of the window is in the future or too old.
func (f *file) fetch(w metric.Window, now int64) (s metric.Series, ok bool, err error) {
	oldest := now - f.maxRetention()
	if w.From > now || w.Until < oldest {
		return metric.Series{}, false, nil
	}
	w.From = max(w.From, oldest)
	w.Until = min(w.Until, now)
	for i := range f.archives {
		if a := &f.archives[i]; a.Retention() >= now-w.From {
			s, err = f.fetchArchive(a, w)
			return s, err == nil, err
		}
	}
	return metric.Series{}, false, nil // not reached: the last archive goes back to oldest
}

// chunk is how many slots are read at once.
const chunk = 2048

func (f *file) fetchArchive(a *archive, w metric.Window) (metric.Series, error) {
	start := floor(w.From, a.Step) + a.Step
	end := floor(w.Until, a.Step) + a.Step
	if start == end {
		end += a.Step
	}
	s := metric.Series{Start: start, Step: a.Step, Values: make([]float64, (end-start)/a.Step)}
	if err := f.loadBase(a); err != nil {
		return metric.Series{}, err
	}
	if a.base == 0 {
		for i := range s.Values {
			s.Values[i] = math.NaN()
		}
		return s, nil
	}
	size := min(int64(len(s.Values)), a.Points, chunk)
	slots := make([]byte, size*pointSize)
	for rest, t := s.Values, start; len(rest) > 0; {
		n := min(int64(len(rest)), size)
		b := slots[:n*pointSize]
		if err := f.readSlots(a, t, b); err != nil {
			return metric.Series{}, err
		}
		values(rest[:n], b, t, a.Step)
		rest = rest[n:]
		t += n * a.Step
	}
	return s, nil
}

// floor rounds t down to a multiple of step, below zero too.
func floor(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}
