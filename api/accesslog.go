package api

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

type clientGoneKey struct{}

// accessLog counts each request when it is done, and logs it: at debug level, or
// at info level if something was wrong with it.
func (s *server) accessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := s.Now()
		gone := false
		r = r.WithContext(context.WithValue(r.Context(), clientGoneKey{}, &gone))
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			code := ww.Status()
			switch {
			case gone:
				code = statusClientGone
			case code == 0:
				code = http.StatusOK
			}
			took := s.Now().Sub(begin)
			s.Observe(chi.RouteContext(r.Context()).RoutePattern(), r.Method, code, took)
			level := slog.LevelDebug
			if code >= 400 {
				level = slog.LevelInfo
			}
			s.Logger.Log(r.Context(), level, "request",
				"id", idOf(r), "status", code, "method", r.Method, "url", shorten(r.URL.String()),
				"remote", r.RemoteAddr, "bytes", ww.BytesWritten(), "took", took)
		}()
		next.ServeHTTP(ww, r)
	})
}

// setClientGone tells the access log that there was nobody to answer.
func setClientGone(r *http.Request) {
	if gone, ok := r.Context().Value(clientGoneKey{}).(*bool); ok {
		*gone = true
	}
}
