package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
)

// requestInfo is what middleware and handlers share about a request.
type requestInfo struct {
	id    string // in the answer and in the log
	route *Route // nil: not routed yet
}

type requestInfoKey struct{}

// shareInfo adds a requestInfo to each request. It keeps an X-Request-Id that a proxy
// chose.
func shareInfo(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := &requestInfo{id: r.Header.Get("X-Request-Id")}
		if !goodID(info.id) {
			info.id = rand.Text()[:16]
		}
		w.Header().Set("X-Request-Id", info.id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestInfoKey{}, info)))
	})
}

// goodID reports whether an X-Request-Id is safe to log and to send back.
func goodID(id string) bool {
	return id != "" && len(id) <= 64 &&
		strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") == ""
}

func infoOf(r *http.Request) *requestInfo {
	info, ok := r.Context().Value(requestInfoKey{}).(*requestInfo)
	if !ok {
		return &requestInfo{}
	}
	return info
}

func idOf(r *http.Request) string { return infoOf(r).id }
