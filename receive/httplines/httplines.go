// Package httplines answers POST /ingest: plaintext lines over HTTP, for whoever has
// curl. The answer says how many were taken, and which were not.
package httplines

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"

	"carbon/metric"
	"carbon/receive/httpintake"
	"carbon/receive/plaintext"
)

// Bounds of what an answer tells of rejected lines.
const (
	maxErrors = 20
	maxShown  = 200 // bytes of a line
)

// result is the answer.
type result struct {
	Accepted int        `json:"accepted"`
	Rejected int        `json:"rejected"`
	Errors   []rejected `json:"errors,omitempty"` // the first of them
	Error    string     `json:"error,omitempty"`
}

type rejected struct {
	Line   string `json:"line"`
	Reason string `json:"reason"`
}

// reader reads one body after the other.
type reader struct {
	format *plaintext.Format
	got    result
}

// Handler answers /ingest: 200 with how many lines were taken, 400 if there were some
// and none could be. A NaN is neither taken nor rejected.
func Handler(in *httpintake.Intake, maxLine int) http.Handler {
	readers := sync.Pool{New: func() any {
		r := &reader{}
		r.format = plaintext.New(plaintext.Options{MaxLine: maxLine, Now: func() int64 { return in.Now().Unix() }, Refuse: func(reason string, line []byte) {
			in.Refuse(reason, line)
			if line != nil {
				r.reject(reason, string(line[:min(len(line), maxShown)]))
			}
		}})
		return r
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lines := readers.Get().(*reader)
		defer readers.Put(lines)
		lines.got = result{}
		err := in.Take(r, lines.read)
		code := http.StatusOK
		if err != nil {
			code, lines.got.Error = httpintake.Status(err)
		} else if lines.got.Accepted == 0 && lines.got.Rejected > 0 {
			code = http.StatusBadRequest
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		json.NewEncoder(w).Encode(lines.got)
	})
}

// read takes a body. Names that will be refused are handed on all the same, for they
// are counted there.
func (r *reader) read(text []byte, batch *metric.Batch) error {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	return r.format.Lines(text, func(points []metric.Datapoint) error {
		for _, p := range points {
			var bad *metric.NameError
			if _, err := metric.Canonical(p.Name); errors.As(err, &bad) {
				r.reject("name: "+bad.Reason, strings.Clone(p.Name[:min(len(p.Name), maxShown)]))
			} else {
				r.got.Accepted++
			}
			if err := batch.Add("", p.Name, p.Point); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *reader) reject(reason, line string) {
	if r.got.Rejected++; len(r.got.Errors) < maxErrors {
		r.got.Errors = append(r.got.Errors, rejected{line, reason})
	}
}
