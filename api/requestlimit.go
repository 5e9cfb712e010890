package api

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// limitTime bounds the time to answer a request, and after that the time of the client
// to read an answer that is not streamed.
func (s *server) limitTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
		defer cancel()
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.Timeout + readGrace)) // the recorders of tests cannot
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

var errOverloaded = errors.New("overloaded: too many requests at once")

// limitRequests bounds the requests that are answered at once, so that queries leave
// memory for receiving. A request does not count while it is read: a slow sender takes
// no place from others.
func (s *server) limitRequests(answer func() error) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
		return answer()
	default:
		return errOverloaded
	}
}
