// Package hostedgraphite reads what clients of Hosted Graphite post to /api/v1/sink: plaintext
// lines. Who posts is told by an API key, the name of basic authentication, which
// may come without the colon that there should be.
//
// Two habits of Python 2's pyformance are seen to. A value may be a long integer with
// its L, as 5L. And all lines of all requests of a process may carry the time at which
// it was started: see Repair.
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

// Ways to take the times of lines.
const (
	Repair  = "repair"  // the client's, unless its clock stands still: then arrival
	Client  = "client"  // as they are
	Arrival = "arrival" // the time of arrival
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

// Handler answers /api/v1/sink: 200 when the body was read, whatever its lines were.
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

// reader reads one body after the other.
type reader struct {
	format  *plaintext.Format
	arrival int64
	asked   bool // a line had no time of its own
	first   bool // it is read for its times only
}

func newReader(o Options) *reader {
	r := &reader{}
	r.format = plaintext.New(plaintext.Options{
		MaxLine: o.MaxLine,
		Now:     func() int64 { r.asked = true; return r.arrival },
		Refuse: func(reason string, line []byte) {
			if !r.first {
				o.Intake.Refuse(reason, line)
			}
		},
	})
	return r
}

// onlyTime is the one time that all lines carry, or 0.
func (r *reader) onlyTime(text []byte) (only int64) {
	r.first, r.asked = true, false
	defer func() { r.first = false }()
	differ := false
	r.format.Lines(text, func(points []metric.Datapoint) error {
		for _, p := range points {
			differ = differ || only != 0 && p.Time != only
			only = p.Time
		}
		return nil
	})
	if differ || r.asked {
		return 0
	}
	return only
}

// store adds the datapoints of lines, at the time of arrival if so told.
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

// stripLongs takes the L from values such as 5L, in place.
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

// longAt is where the L stands that ends the digits of a line's second field, or -1.
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
		case 0: // it is the name
		case 1:
			return at
		default:
			return -1 // as all that follow would be
		}
	}
	return -1
}

// key is the API key of a request: all of what basic authentication says before the
// first colon, and all of it where there is none.
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
