// Package httplines answers POST /ingest with plaintext lines. The answer has the
// number of lines that were accepted and rejected, and why.
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

// Limits of the details of an answer.
const (
	maxErrors = 20
	maxShown  = 200 // bytes of a line
)

// result is the answer.
type result struct {
	Accepted int        `json:"accepted"`
	Rejected int        `json:"rejected"`
	Errors   []rejected `json:"errors,omitempty"` // the first maxErrors
	Error    string     `json:"error,omitempty"`
}

type rejected struct {
	Line   string `json:"line"`
	Reason string `json:"reason"`
}

// reader reads one body at a time.
type reader struct {
	format *plaintext.Format
	got    result
}

// Handler answers /ingest with 200, or with 400 if all lines were rejected. A NaN value
// is neither accepted nor rejected.
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

// read adds the datapoints of a body to the batch, also those with an invalid name,
// because the pipeline counts them.
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
