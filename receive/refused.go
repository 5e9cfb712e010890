package receive

import (
	"log/slog"
	"time"

	"carbon/instrumentation/tally"
)

// shown is how much of a refused line is logged, as in carbon.
const shown = 400

// Refused counts what a format could not read, by reason, and logs one of each
// reason in a second.
type Refused struct {
	log   *slog.Logger
	tally tally.Tally
}

// NewRefused returns a Refused that logs to logger; nil discards.
func NewRefused(logger *slog.Logger) *Refused {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Refused{log: logger}
}

// Add counts one line, or whatever the format's element is. The reason is a
// constant word. A nil element is counted in silence.
func (r *Refused) Add(reason string, element []byte) {
	if !r.tally.Add(reason, time.Now()) || element == nil {
		return
	}
	r.log.Warn("line refused", "reason", reason, "line", string(element[:min(len(element), shown)]), "bytes", len(element))
}

// Counts returns how many elements were refused by reason. A nil Refused has
// none.
func (r *Refused) Counts() map[string]int64 {
	if r == nil {
		return nil
	}
	return r.tally.Counts()
}
