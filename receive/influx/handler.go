package influx

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"carbon/metric"
	"carbon/receive/httpintake"
)

// Version is the version of InfluxDB that clients see: the last one that has both
// /query and the endpoint of 2.x.
const Version = "1.8.10"

// Handlers answer clients of InfluxDB: Write answers /write and /api/v2/write, Ping
// /ping, Query /query.
type Handlers struct {
	Write, Ping, Query http.Handler
}

// Handle returns the handlers. template may be nil.
func Handle(in *httpintake.Intake, template *Template) Handlers {
	readers := sync.Pool{New: func() any { return &Reader{} }}
	return Handlers{
		Write: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			setHeaders(w)
			err := write(in, template, &readers, r)
			if err == nil {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			code, reason := status(err)
			answerError(w, code, reason)
		}),
		Ping: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			setHeaders(w)
			if verbose := r.URL.Query().Get("verbose"); verbose == "" || verbose == "0" || verbose == "false" {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			answer(w, http.StatusOK, map[string]string{"version": Version})
		}),
		Query: http.HandlerFunc(query),
	}
}

// setHeaders sets the headers that clients look for.
func setHeaders(w http.ResponseWriter) {
	w.Header().Set("X-Influxdb-Version", Version)
	w.Header().Set("X-Influxdb-Build", "OSS")
}

// write adds the datapoints of a request.
func write(in *httpintake.Intake, template *Template, readers *sync.Pool, r *http.Request) error {
	q := r.URL.Query()
	o := Options{Template: template, Refuse: in.Refuse, Now: in.Now().Unix(), Database: q.Get("db")}
	if o.Database == "" {
		o.Database = q.Get("bucket")
	}
	var known bool
	if o.Unit, o.PerUnit, known = precision(q.Get("precision")); !known {
		return &httpintake.RequestError{Code: http.StatusBadRequest, Reason: "precision: want ns, us, ms, s, m or h"}
	}
	return in.Take(r, func(text []byte, batch *metric.Batch) error {
		reader := readers.Get().(*Reader)
		defer readers.Put(reader)
		return reader.Read(text, o, batch)
	})
}

// precision returns Options.Unit and Options.PerUnit.
func precision(name string) (unit, perUnit int64, ok bool) {
	switch name {
	case "", "ns", "n":
		return 1e9, 1, true
	case "us", "u", "µ", "µs", "μ", "μs": // both signs of micro
		return 1e6, 1, true
	case "ms":
		return 1e3, 1, true
	case "s":
		return 1, 1, true
	case "m":
		return 1, 60, true
	case "h":
		return 1, 3600, true
	}
	return 0, 0, false
}

// status returns the answer to an error of write.
func status(err error) (code int, reason string) {
	var partial *PartialError
	if code, reason = httpintake.Status(err); code == http.StatusServiceUnavailable && errors.As(err, &partial) && !httpintake.Unstored(err) {
		return http.StatusBadRequest, partial.Error()
	}
	return code, reason
}

// answerError writes an error for clients of both 1.x and 2.x.
func answerError(w http.ResponseWriter, code int, reason string) {
	word := "invalid"
	switch code {
	case http.StatusRequestEntityTooLarge:
		word = "request too large"
	case http.StatusServiceUnavailable:
		word = "unavailable"
	}
	w.Header().Set("X-Influxdb-Error", reason)
	answer(w, code, map[string]string{"error": reason, "code": word, "message": reason})
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v)
}

// maxStatements is the maximum number of statements of a query that are answered.
const maxStatements = 100

// statement is the answer to a statement.
type statement struct {
	ID    int    `json:"statement_id"`
	Error string `json:"error,omitempty"`
}

// query answers every statement, such as CREATE DATABASE, with success, except SELECT.
func query(w http.ResponseWriter, r *http.Request) {
	setHeaders(w)
	text := queryText(r.URL.RawQuery)
	if text == "" && r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			code, reason := httpintake.Status(err)
			answerError(w, code, reason)
			return
		}
		text = queryText(string(body))
	}
	results := []statement{}
	for s := range strings.SplitSeq(text, ";") {
		words := strings.Fields(s)
		if len(words) == 0 || len(results) == maxStatements {
			continue
		}
		result := statement{ID: len(results)}
		if strings.EqualFold(words[0], "SELECT") {
			result.Error = "SELECT is not supported: read data with /render"
		}
		results = append(results, result)
	}
	if len(results) == 0 {
		results = append(results, statement{})
	}
	answer(w, http.StatusOK, map[string]any{"results": results})
}

// queryText returns the parameter q. It may contain semicolons that are not encoded.
func queryText(parameters string) string {
	values, _ := url.ParseQuery(strings.ReplaceAll(parameters, ";", "%3B"))
	return values.Get("q")
}
