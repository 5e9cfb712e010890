// Package hostedgraphite answers clients of Hosted Graphite, which post plaintext lines
// to /api/v1/sink. A client sends its API key as the user name of basic authentication,
// some without the colon after it.
//
// Two bugs of pyformance with Python 2 are repaired. A value may be a long integer
// such as 5L. And all lines of all requests of a process may have the time at which it
// started: see Repair.
package hostedgraphite

import (
	"bytes"
	"net"
	"net/http"
	"strings"
	"sync"

	"carbon/metric"
	"carbon/receive/httpintake"
	"carbon/receive/plaintext"
)

// Which times lines get.
const (
	Repair  = "repair"  // as sent, or that of arrival if the client's clock stands still
	Client  = "client"  // as sent
	Arrival = "arrival" // that of arrival
)

// DefaultTimestamp is the default of Options.Timestamp.
const DefaultTimestamp = Repair

// Options of a Handler. Intake is needed.
type Options struct {
	Intake    *httpintake.Intake
	Timestamp string // Repair, Client or Arrival; empty means DefaultTimestamp
	MaxLine   int    // bytes of a line; 0 means plaintext.DefaultMaxLine
}

type handler struct {
	Options
	clients clients
	readers sync.Pool // of *reader
}

// Handler answers /api/v1/sink with 200 if the body was read, also if lines were
// refused.
func Handler(o Options) http.Handler {
	h := &handler{Options: o, clients: newClients()}
	h.readers.New = func() any { return newReader(o) }
	return h
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := h.Intake.Now()
	who := sender{key: key(r)}
	who.address, _, _ = net.SplitHostPort(r.RemoteAddr)
	var only int64
	err := h.Intake.Take(r, func(text []byte, batch *metric.Batch) error {
		lines := h.readers.Get().(*reader)
		defer h.readers.Put(lines)
		text = stripLongs(text)
		if len(text) > 0 && text[len(text)-1] != '\n' {
			text = append(text, '\n')
		}
		lines.arrival = now.Unix()
		if h.Timestamp == Client {
			return lines.store(text, false, batch)
		}
		only = lines.onlyTime(text)
		return lines.store(text, h.Timestamp == Arrival || only != 0 && h.clients.stuck(who, only, now), batch)
	})
	if err != nil {
		code, reason := httpintake.Status(err)
		http.Error(w, reason, code)
		return
	}
	h.clients.answered(who, only, h.Intake.Now())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusOK)
}

// reader reads one body at a time.
type reader struct {
	format   *plaintext.Format
	arrival  int64
	noTime   bool // a line had the time -1
	scanning bool // for times; what is refused is not counted
}

func newReader(o Options) *reader {
	r := &reader{}
	r.format = plaintext.New(plaintext.Options{
		MaxLine: o.MaxLine,
		Now:     func() int64 { r.noTime = true; return r.arrival },
		Refuse: func(reason string, line []byte) {
			if !r.scanning {
				o.Intake.Refuse(reason, line)
			}
		},
	})
	return r
}

// onlyTime returns the time that all lines have, or 0.
func (r *reader) onlyTime(text []byte) (only int64) {
	r.scanning, r.noTime = true, false
	defer func() { r.scanning = false }()
	differ := false
	r.format.Lines(text, func(points []metric.Datapoint) error {
		for _, p := range points {
			differ = differ || only != 0 && p.Time != only
			only = p.Time
		}
		return nil
	})
	if differ || r.noTime {
		return 0
	}
	return only
}

// store adds the datapoints of lines to the batch, with the time of arrival if
// atArrival is true.
func (r *reader) store(text []byte, atArrival bool, batch *metric.Batch) error {
	return r.format.Lines(text, func(points []metric.Datapoint) error {
		for _, p := range points {
			if atArrival {
				p.Time = r.arrival
			}
			if err := batch.Add("", p.Name, p.Point); err != nil {
				return err
			}
		}
		return nil
	})
}

// stripLongs removes the L of values such as 5L, in place.
func stripLongs(text []byte) []byte {
	if bytes.IndexByte(text, 'L') < 0 {
		return text
	}
	kept := text[:0]
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n') + 1
		if end == 0 {
			end = len(text)
		}
		line := text[:end]
		text = text[end:]
		if at := longAt(line); at >= 0 {
			kept = append(append(kept, line[:at]...), line[at+1:]...)
			continue
		}
		kept = append(kept, line...)
	}
	return kept
}

// longAt returns the index of the L behind the digits of the second field, or -1.
func longAt(line []byte) int {
	at := bytes.IndexByte(line, 'L')
	for ; at >= 0 && at+1 < len(line); at++ {
		if line[at] != 'L' || line[at+1] != ' ' && line[at+1] != '\t' {
			continue
		}
		start := at
		for start > 0 && line[start-1]-'0' < 10 {
			start--
		}
		digits := at - start
		if start > 0 && line[start-1] == '-' {
			start--
		}
		if digits == 0 || start == 0 || line[start-1] != ' ' && line[start-1] != '\t' {
			continue
		}
		switch len(bytes.Fields(line[:start])) {
		case 0: // the first field
		case 1:
			return at
		default:
			return -1 // further fields do not matter
		}
	}
	return -1
}

// key returns the API key of a request: the text of basic authentication up to the
// first colon, if there is one.
func key(r *http.Request) string {
	scheme, coded, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return coded
	}
	text, err := decode(coded)
	if err != nil {
		return coded
	}
	name, _, _ := strings.Cut(text, ":")
	return name
}
