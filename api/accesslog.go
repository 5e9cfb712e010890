package api

import (
	"log/slog"
	"net/http"
	"regexp"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// accessLog counts each request when it is done, and logs it: at debug level, or
// at info level if something was wrong with it.
func (s *server) accessLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := s.Now()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			code := ww.Status()
			if code == 0 {
				code = http.StatusOK
			}
			took := s.Now().Sub(begin)
			s.Observe(chi.RouteContext(r.Context()).RoutePattern(), r.Method, code, took)
			level := slog.LevelDebug
			if code >= 400 {
				level = slog.LevelInfo
			}
			s.Logger.Log(r.Context(), level, "request",
				"id", idOf(r), "status", code, "method", r.Method, "url", shorten(withoutPassword(r.URL.String())),
				"remote", r.RemoteAddr, "bytes", ww.BytesWritten(), "took", took)
		}()
		next.ServeHTTP(ww, r)
	})
}

var passwordParameter = regexp.MustCompile(`([?&]p=)[^&]*`)

// withoutPassword is an address without the password that InfluxDB's clients may put
// there.
func withoutPassword(url string) string { return passwordParameter.ReplaceAllString(url, "$1***") }
