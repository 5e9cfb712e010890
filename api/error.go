package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"carbon/attime"
	"carbon/metric"
	"carbon/records"
	"carbon/render"
	"carbon/render/function"
	"carbon/render/graph"
	"carbon/render/target"
	"carbon/storage"
)

// bodyError reports a request body that could not be read.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return "body: " + e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

// limitError reports a request that asks for too much of something.
type limitError struct{ what string }

func (e *limitError) Error() string { return e.what }

// statusClientGone is the status of a request whose client left before the answer, or
// looks as if it had.
const statusClientGone = 499

// status is the one place where an error becomes a status and a text for the
// client. The text of 500 is empty: its cause is for the log.
func status(err error) (code int, text string) {
	var (
		syntax  *target.SyntaxError
		arg     *function.ArgError
		unknown *function.UnknownError
		limit   *render.LimitError
		when    *attime.Error
		pattern *metric.PatternError
		tagExpr *metric.TagExprError
		option  *graph.OptionError
		param   *paramError
		body    *bodyError
		tooLong *http.MaxBytesError
		tooMuch *limitError
		access  *accessError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return statusClientGone, ""
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "time limit exceeded"
	case errors.Is(err, errOverloaded), errors.Is(err, render.ErrOverloaded):
		return http.StatusServiceUnavailable, err.Error()
	case errors.Is(err, records.ErrFull):
		return http.StatusInsufficientStorage, err.Error()
	case errors.As(err, &access):
		return access.code, access.reason
	case errors.As(err, &tooLong):
		return http.StatusRequestEntityTooLarge, fmt.Sprintf("body: more than %d bytes", tooLong.Limit)
	case errors.As(err, &limit), errors.As(err, &tooMuch), errors.Is(err, records.ErrTooMany), errors.Is(err, records.ErrTooManyDocuments):
		return http.StatusRequestEntityTooLarge, err.Error()
	case errors.As(err, &syntax), errors.As(err, &arg), errors.As(err, &unknown),
		errors.As(err, &when), errors.As(err, &pattern), errors.As(err, &tagExpr), errors.As(err, &option),
		errors.As(err, &param), errors.As(err, &body), errors.Is(err, records.ErrNumber):
		return http.StatusBadRequest, err.Error()
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, records.ErrNotFound):
		return http.StatusNotFound, err.Error()
	}
	return http.StatusInternalServerError, ""
}

// fail answers with an error.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	code, text := status(err)
	switch {
	case code == statusClientGone && r.Context().Err() == nil:
		// Cancelled, but not by the client: a server on its way down.
		code, text = http.StatusServiceUnavailable, "shutting down"
	case code == statusClientGone:
		// Who only ended its half of the connection still reads.
		text = "the connection was closed before the answer"
	case code == http.StatusInternalServerError:
		s.Logger.Error("request failed", "id", idOf(r), "method", r.Method, "url", shorten(r.URL.String()), "err", err)
	}
	answerError(w, r, code, text)
}

func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	answerError(w, r, http.StatusNotFound, "no such path: "+shorten(r.URL.Path))
}

func (s *server) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	path := chi.RouteContext(r.Context()).RoutePath
	for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions} {
		if s.router.Match(chi.NewRouteContext(), m, path) {
			allowed = append(allowed, m)
		}
	}
	refuseMethod(w, r, allowed)
}

// refuseMethod answers a request of another method than those that are allowed.
func refuseMethod(w http.ResponseWriter, r *http.Request, allowed []string) {
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	answerError(w, r, http.StatusMethodNotAllowed, r.Method+" is not allowed here")
}

// failsInJSON tells whether errors are JSON in graphite-web, too, whatever a client
// asks for. Its own, which has the tags asked of another server, reads nothing else.
func failsInJSON(r *http.Request) bool {
	path := pathOf(r)
	return path == "/tags" || strings.HasPrefix(path, "/tags/") || strings.HasPrefix(path, "/functions/") ||
		path == "/events" && r.Method == http.MethodPost
}

// answerError writes an error as text, or as JSON for who asks for JSON.
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
	if strings.Contains(r.Header.Get("Accept"), "application/json") || failsInJSON(r) {
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
