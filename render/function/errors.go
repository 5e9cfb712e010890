package function

import (
	"fmt"

	"carbon/render/target"
)

// UnknownError reports a call of a function that does not exist.
type UnknownError struct{ Function string }

func (e *UnknownError) Error() string { return fmt.Sprintf("unknown function: %s", e.Function) }

// ArgError reports an argument that a function cannot work with. Param is empty
// where no parameter is to blame.
type ArgError struct{ Function, Param, Reason string }

func (e *ArgError) Error() string {
	if e.Param == "" {
		return fmt.Sprintf("%s: %s", e.Function, e.Reason)
	}
	return fmt.Sprintf("%s: %s: %s", e.Function, e.Param, e.Reason)
}

// CallError says which call in a target an error is about.
type CallError struct {
	Target string
	Pos    int // byte offset of the call in Target
	Err    error
}

func (e *CallError) Error() string { return e.Err.Error() + ", at " + target.Place(e.Target, e.Pos) }

func (e *CallError) Unwrap() error { return e.Err }

// placed says where a call stands, if the error is about what it is or was given
// and nobody has said so yet.
func placed(err error, text string, pos int) error {
	switch err.(type) {
	case *UnknownError, *ArgError:
		if text != "" {
			return &CallError{text, pos, err}
		}
	}
	return err
}

// LimitError reports a request that asks for more than the server gives.
type LimitError struct {
	Limit    string // its name in the configuration
	Max, Got int64
}

// PointsLimit is the limit of how many points a request may fetch, or a function
// make of a series.
const PointsLimit = "POINTS_PER_QUERY"

func (e *LimitError) Error() string {
	return fmt.Sprintf("limit %s: %d is more than %d", e.Limit, e.Got, e.Max)
}

// errorf returns an error about an argument of the call.
func (c *Call) errorf(param, format string, args ...any) error {
	return &ArgError{c.spec.Name, param, fmt.Sprintf(format, args...)}
}
