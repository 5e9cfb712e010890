package function

import (
	"fmt"

	"carbon/render/target"
)

// UnknownError reports a call of an unknown function.
type UnknownError struct{ Function string }

func (e *UnknownError) Error() string { return fmt.Sprintf("unknown function: %s", e.Function) }

// ArgError reports an invalid argument. Param is empty if the error does not concern
// one parameter.
type ArgError struct{ Function, Param, Reason string }

func (e *ArgError) Error() string {
	if e.Param == "" {
		return fmt.Sprintf("%s: %s", e.Function, e.Reason)
	}
	return fmt.Sprintf("%s: %s: %s", e.Function, e.Param, e.Reason)
}

// CallError adds to an error the call in a target that caused it.
type CallError struct {
	Target string
	Pos    int // byte offset of the call in Target
	Err    error
}

func (e *CallError) Error() string { return e.Err.Error() + ", at " + target.Place(e.Target, e.Pos) }

func (e *CallError) Unwrap() error { return e.Err }

// located wraps an *UnknownError or *ArgError in a *CallError. Other errors are returned
// unchanged.
func located(err error, text string, pos int) error {
	switch err.(type) {
	case *UnknownError, *ArgError:
		if text != "" {
			return &CallError{text, pos, err}
		}
	}
	return err
}

// LimitError reports a request that exceeds a limit.
type LimitError struct {
	Limit    string // its configuration key
	Max, Got int64
}

// PointsLimit is the configuration key of the limit on the values that a request may
// fetch and its functions may create.
const PointsLimit = "POINTS_PER_QUERY"

func (e *LimitError) Error() string {
	return fmt.Sprintf("limit %s: %d is more than %d", e.Limit, e.Got, e.Max)
}

// errorf returns an *ArgError about a parameter of the call; "" is none.
func (c *Call) errorf(param, format string, args ...any) error {
	return &ArgError{c.spec.Name, param, fmt.Sprintf(format, args...)}
}
