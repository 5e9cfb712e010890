package api

import (
	"context"
	"errors"
	"net/http"
)

// limitBody bounds what is read of a request's body.
func (s *server) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, s.MaxBody)
		next.ServeHTTP(w, r)
	})
}

// limitTime bounds how long a request may look for data and compute.
func (s *server) limitTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
		defer cancel()
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
