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

// Version is the InfluxDB that clients are told to be at: the last of those with
// /query, whose 2.x endpoint is there, too.
const Version = "1.8.10"

// Handlers answer what clients of InfluxDB ask: Write /write and /api/v2/write, Ping
// /ping, Query /query.
type Handlers struct {
	Write, Ping, Query http.Handler
}

// Handle returns the handlers. The template may be nil.
func Handle(in *httpintake.Intake, template *Template) Handlers {
	readers := sync.Pool{New: func() any { return &Reader{} }}
	return Handlers{
		Write: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tell(w)
			err := write(in, template, &readers, r)
			if err == nil {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			code, reason := status(err)
			answerError(w, code, reason)
		}),
		Ping: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tell(w)
			if verbose := r.URL.Query().Get("verbose"); verbose == "" || verbose == "0" || verbose == "false" {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			answer(w, http.StatusOK, map[string]string{"version": Version})
		}),
		Query: http.HandlerFunc(query),
	}
}

// tell sets the headers that clients look for.
func tell(w http.ResponseWriter) {
	w.Header().Set("X-Influxdb-Version", Version)
	w.Header().Set("X-Influxdb-Build", "OSS")
}

func write(in *httpintake.Intake, template *Template, readers *sync.Pool, r *http.Request) error {
	q := r.URL.Query()
	o := Options{Template: template, Refuse: in.Refuse, Now: in.Now().Unix(), Database: q.Get("db")}
	if o.Database == "" {
		o.Database = q.Get("bucket")
	}
	var known bool
	if o.Unit, o.PerUnit, known = precision(q.Get("precision")); !known {
		return &httpintake.RequestError{Code: http.StatusBadRequest, Reason: "precision: want one of ns, us, ms, s, m, h"}
	}
	return in.Take(r, func(text []byte, batch *metric.Batch) error {
		reader := readers.Get().(*Reader)
		defer readers.Put(reader)
		return reader.Read(text, o, batch)
	})
}

// precision is how many units make a second, and how many seconds a unit.
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

func status(err error) (code int, reason string) {
	var partial *PartialError
	if code, reason = httpintake.Status(err); code == http.StatusServiceUnavailable && errors.As(err, &partial) && !httpintake.Unstored(err) {
		return http.StatusBadRequest, partial.Error()
	}
	return code, reason
}

// answerError writes an error in the form of 1.x, and of 2.x.
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

// maxStatements bounds those of one query that are answered.
const maxStatements = 100

// statement is the answer to one.
type statement struct {
	ID    int    `json:"statement_id"`
	Error string `json:"error,omitempty"`
}

// query answers as one who has done all that was asked, such as to create a database.
// Who asks for data is told where it is.
func query(w http.ResponseWriter, r *http.Request) {
	tell(w)
	text := asked(r.URL.RawQuery)
	if text == "" && r.Method == http.MethodPost {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			code, reason := httpintake.Status(err)
			answerError(w, code, reason)
			return
		}
		text = asked(string(body))
	}
	results := []statement{}
	for s := range strings.SplitSeq(text, ";") {
		words := strings.Fields(s)
		if len(words) == 0 || len(results) == maxStatements {
			continue
		}
		result := statement{ID: len(results)}
		if strings.EqualFold(words[0], "SELECT") {
			result.Error = "data is not read by InfluxQL here: ask /render for it"
		}
		results = append(results, result)
	}
	if len(results) == 0 {
		results = append(results, statement{})
	}
	answer(w, http.StatusOK, map[string]any{"results": results})
}

// asked is the q of parameters. The semicolons between statements may stand there as
// they are.
func asked(parameters string) string {
	values, _ := url.ParseQuery(strings.ReplaceAll(parameters, ";", "%3B"))
	return values.Get("q")
}
