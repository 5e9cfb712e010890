package api

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// limitTime bounds how long a request may look for data and compute, and how long
// after that its client may take for an answer that is not streamed.
func (s *server) limitTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
		defer cancel()
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.Timeout + patience)) // not all writers can: those of tests
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

var errOverloaded = errors.New("overloaded: too many requests at once")

// limitRequests bounds how many requests for data are answered at once, so that
// a crowd of them cannot take the memory that receiving needs. Reading a
// request does not count, lest slow clients keep others out.
func (s *server) limitRequests(answer func() error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
		return answer()
	default:
		return errOverloaded
	}
}
