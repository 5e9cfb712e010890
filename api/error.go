package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"carbon/attime"
	"carbon/metric"
	"carbon/records"
	"carbon/render"
	"carbon/render/function"
	"carbon/render/graph"
	"carbon/render/target"
	"carbon/storage"
)

// statusClientGone is the status, in metrics and logs, of a request whose client
// closed the connection before the answer.
const statusClientGone = 499

// statuses is the one place where an error becomes a status. The first row that
// matches counts; an error without a row is an internal error.
var statuses = []struct {
	code    int
	matches func(error) bool
}{
	{statusClientGone, is(context.Canceled)},
	{http.StatusGatewayTimeout, is(context.DeadlineExceeded)},

	{http.StatusServiceUnavailable, is(errOverloaded, render.ErrOverloaded, errNotReady, errNoEvents, errNoRecords)},
	{http.StatusInsufficientStorage, is(records.ErrFull)},
	{http.StatusNotImplemented, is(errNoMail)},

	{http.StatusUnauthorized, as[*unauthorizedError]},
	{http.StatusForbidden, is(errNotLocal, errOtherSite)},

	{http.StatusRequestEntityTooLarge, as[*http.MaxBytesError]},
	{http.StatusRequestEntityTooLarge, as[*limitError]},
	{http.StatusRequestEntityTooLarge, as[*render.LimitError]},
	{http.StatusRequestEntityTooLarge, is(records.ErrTooMany, records.ErrTooManyDocuments)},

	{http.StatusBadRequest, as[*target.SyntaxError]},
	{http.StatusBadRequest, as[*function.UnknownError]},
	{http.StatusBadRequest, as[*function.ArgError]},
	{http.StatusBadRequest, as[*attime.Error]},
	{http.StatusBadRequest, as[*metric.PatternError]},
	{http.StatusBadRequest, as[*metric.TagExprError]},
	{http.StatusBadRequest, as[*graph.OptionError]},
	{http.StatusBadRequest, as[*paramError]},
	{http.StatusBadRequest, as[*bodyError]},
	{http.StatusBadRequest, is(records.ErrNumber)},

	{http.StatusNotFound, as[*pathError]},
	{http.StatusNotFound, as[*unknownFunctionError]},
	{http.StatusNotFound, is(storage.ErrNotFound, records.ErrNotFound)},
	{http.StatusMethodNotAllowed, as[*methodError]},
}

func is(targets ...error) func(error) bool {
	return func(err error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
}

func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// status returns the status of an error and the text for the client. The text of an
// internal error is empty: its cause is for the log.
func status(err error) (code int, text string) {
	for _, row := range statuses {
		if row.matches(err) {
			return row.code, errorText(row.code, err)
		}
	}
	return http.StatusInternalServerError, ""
}

// errorText returns the text of an error for the client.
func errorText(code int, err error) string {
	var body *http.MaxBytesError
	switch {
	case code == statusClientGone:
		return ""
	case code == http.StatusGatewayTimeout:
		return "time limit exceeded"
	case errors.As(err, &body):
		return fmt.Sprintf("body: more than %d bytes", body.Limit)
	}
	return err.Error()
}

// bodyError reports a request body that cannot be read.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return "body: " + e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

// limitError reports a request that exceeds a limit.
type limitError struct{ what string }

func (e *limitError) Error() string { return e.what }

// pathError reports a path without a route.
type pathError struct{ path string }

func (e *pathError) Error() string { return "no such path: " + truncate(e.path) }

// methodError reports a method that no route of a path answers.
type methodError struct {
	method  string
	allowed []string
}

func (e *methodError) Error() string { return e.method + " is not allowed here" }

// fail answers with an error.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var method *methodError
	if errors.As(err, &method) {
		w.Header().Set("Allow", strings.Join(method.allowed, ", "))
	}
	var unauthorized *unauthorizedError
	if errors.As(err, &unauthorized) {
		w.Header()["Www-Authenticate"] = unauthorized.challenges
	}
	code, text := status(err)
	switch {
	case code == statusClientGone && r.Context().Err() == nil:
		// The server cancelled the request, because it shuts down.
		code, text = http.StatusServiceUnavailable, "shutting down"
	case code == statusClientGone:
		// A client that only closed its sending side can still read this.
		text = "the connection was closed before the answer"
	case code == http.StatusInternalServerError:
		s.Logger.Error("request failed", "id", idOf(r), "method", r.Method, "url", truncate(r.URL.String()), "err", err)
	}
	answerError(w, r, code, text)
}

// answerError writes an error as JSON if the client accepts JSON or the route says
// so, else as text.
func answerError(w http.ResponseWriter, r *http.Request, code int, text string) {
	if text == "" {
		text = "internal error, request " + idOf(r)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if code == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	for _, name := range []string{"Expires", "Content-Length", "ETag"} {
		h.Del(name)
	}
	rt := infoOf(r).route
	if strings.Contains(r.Header.Get("Accept"), "application/json") || rt != nil && rt.jsonErrors {
		h.Set("Content-Type", "application/json")
		w.WriteHeader(code)
		json.NewEncoder(w).Encode(struct {
			Error string `json:"error"`
		}{text})
		return
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	io.WriteString(w, text+"\n")
}
