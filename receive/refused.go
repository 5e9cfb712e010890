package receive

import (
	"log/slog"
	"time"

	"carbon/instrumentation/loglimit"
)

// shown is how many bytes of refused input are logged, as in carbon.
const shown = 400

// Refused counts what a receiver refuses, by reason: lines, frames, messages, or
// elements of them. It logs one of each reason per second.
type Refused struct {
	log    *slog.Logger
	counts loglimit.Counter
}

// NewRefused returns a Refused that logs to logger; nil discards.
func NewRefused(logger *slog.Logger) *Refused {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Refused{log: logger}
}

// Add counts input that is refused. The reason is a constant. Nil input is counted and
// not logged.
func (r *Refused) Add(reason string, input []byte) {
	if !r.counts.Add(reason, time.Now()) || input == nil {
		return
	}
	r.log.Warn("input refused", "reason", reason, "input", string(input[:min(len(input), shown)]), "bytes", len(input))
}

// Counts returns how much was refused, by reason. It may be called on nil.
func (r *Refused) Counts() map[string]int64 {
	if r == nil {
		return nil
	}
	return r.counts.Counts()
}
