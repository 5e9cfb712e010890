package api

import (
	"hash/maphash"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// streamTagged is stream with an ETag for answers that are sent in one part. A client
// that has the answer gets 304.
func streamTagged(w http.ResponseWriter, r *http.Request, write func(io.Writer) error) error {
	return send(&clientWriter{w: w, r: r, control: http.NewResponseController(w), left: readGrace}, write)
}

// tagSeed makes ETags that differ after a restart.
var tagSeed = maphash.MakeSeed()

// has sets the ETag of a whole answer, and reports whether the client has that answer.
func (c *clientWriter) has(body []byte) bool {
	tag := `W/"` + strconv.FormatUint(maphash.Bytes(tagSeed, body), 36) + `"`
	c.w.Header().Set("ETag", tag)
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return false // caches do not keep answers of POST
	}
	for known := range strings.SplitSeq(c.r.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimSpace(known); known == "*" || known == tag || "W/"+known == tag {
			return true
		}
	}
	return false
}
