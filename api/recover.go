package api

import (
	"net/http"
	"runtime/debug"

	"github.com/go-chi/chi/v5/middleware"
)

// recoverPanic answers 500 after a panic. If a part of the answer is sent already, it
// breaks the connection, so that the client does not take the part for the whole.
func (s *server) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			s.Logger.Error("request panicked", "id", idOf(r), "method", r.Method, "url", truncate(r.URL.String()),
				"panic", v, "stack", string(debug.Stack()))
			if ww.Status() != 0 {
				panic(http.ErrAbortHandler)
			}
			answerError(ww, r, http.StatusInternalServerError, "")
		}()
		next.ServeHTTP(ww, r)
	})
}
