package api

import "net/http"

// cors lets scripts of pages of any site read answers. Browsers send no cookies or
// credentials with such requests.
func cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "X-Request-Id")
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		const methods = "GET, HEAD, POST, OPTIONS"
		h.Set("Allow", methods)
		h.Set("Access-Control-Allow-Methods", methods)
		// Grafana sends a dozen headers of its own, and more with each version.
		wanted := r.Header.Get("Access-Control-Request-Headers")
		if wanted == "" || len(wanted) > 4096 {
			wanted = "Authorization, Content-Type, Accept, Origin"
		}
		h.Set("Access-Control-Allow-Headers", wanted)
		h.Set("Access-Control-Max-Age", "86400")
		h.Add("Vary", "Access-Control-Request-Headers")
		w.WriteHeader(http.StatusNoContent)
	})
}
