package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"carbon/codec/pyjson"
)

// answerJSON answers with the JSON that write appends. As in graphite-web it is ASCII,
// unless the client accepts anything but plain application/json.
func (s *server) answerJSON(w http.ResponseWriter, r *http.Request, p params, write func(b []byte) []byte) error {
	jsonp, err := p.jsonp()
	if err != nil {
		return err
	}
	body := write(nil)
	if p.get("pretty") != "" {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, body, "", "  "); err != nil {
			return err
		}
		body = pretty.Bytes()
	}
	mediaType, end := "application/json", ""
	if jsonp != "" {
		mediaType, end = "text/javascript", ")"
		jsonp += "("
	}
	if accept := r.Header.Get("Accept"); accept == "" || accept == "application/json" {
		body = pyjson.EscapeNonASCII(body)
	} else {
		mediaType += ";charset=utf-8"
	}
	w.Header().Set("Content-Type", mediaType)
	return streamTagged(w, r, func(out io.Writer) error {
		io.WriteString(out, jsonp)
		out.Write(body)
		_, err := io.WriteString(out, end)
		return err
	})
}

// noCache keeps caches from answering without asking the server.
func noCache(w http.ResponseWriter) {
	w.Header().Set("Pragma", "no-cache")
	w.Header().Set("Cache-Control", "no-cache")
}

// answerValue answers with a value as JSON.
func (s *server) answerValue(w http.ResponseWriter, r *http.Request, p params, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.answerJSON(w, r, p, func(b []byte) []byte { return append(b, text...) })
}
