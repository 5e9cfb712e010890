package api

import (
	"hash/maphash"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// streamTagged does so and, if the whole answer is no longer than what is sent at
// once, gives it a tag: a client that has it already is told so instead.
func streamTagged(w http.ResponseWriter, r *http.Request, write func(io.Writer) error) error {
	return send(&clientWriter{w: w, r: r, control: http.NewResponseController(w), left: patience}, write)
}

// tagSeed makes tags that no other process knows: after a restart all is new.
var tagSeed = maphash.MakeSeed()

// has sets the tag of a whole answer, and tells whether the client has that answer.
func (c *clientWriter) has(body []byte) bool {
	tag := `W/"` + strconv.FormatUint(maphash.Bytes(tagSeed, body), 36) + `"`
	c.w.Header().Set("ETag", tag)
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return false // no cache answers a POST with what it has
	}
	for known := range strings.SplitSeq(c.r.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimSpace(known); known == "*" || known == tag || "W/"+known == tag {
			return true
		}
	}
	return false
}
