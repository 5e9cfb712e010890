package api

import (
	"log/slog"
	"net/http"
	"regexp"

	"github.com/go-chi/chi/v5/middleware"
)

// accessLog reports each answered request to Options.Observe, by the path of its
// route, and logs it: at debug level, or at info level if the status is an error.
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
			path := ""
			if rt := infoOf(r).route; rt != nil {
				path = rt.Path
			}
			s.Observe(path, r.Method, code, took)
			level := slog.LevelDebug
			if code >= 400 {
				level = slog.LevelInfo
			}
			s.Logger.Log(r.Context(), level, "request",
				"id", idOf(r), "status", code, "method", r.Method, "url", truncate(withoutPassword(r.URL.String())),
				"remote", r.RemoteAddr, "bytes", ww.BytesWritten(), "took", took)
		}()
		next.ServeHTTP(ww, r)
	})
}

var passwordParameter = regexp.MustCompile(`([?&]p=)[^&]*`)

// withoutPassword masks the password that clients of InfluxDB may put into a URL.
func withoutPassword(url string) string { return passwordParameter.ReplaceAllString(url, "$1***") }
