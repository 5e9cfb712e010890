package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// row is one measurement with its mark and its peers. The marks come from measuring the
// peers on one machine, and are compared in a run beside them. Less is better in every
// row.
type row struct {
	Name    string   `json:"name"`
	Unit    string   `json:"unit"`
	Ours    float64  `json:"ours"` // median
	Runs    int      `json:"runs"`
	Peers   []peer   `json:"peers,omitempty"`
	Mark    *float64 `json:"mark,omitempty"`
	Scaled  *float64 `json:"scaled,omitempty"` // the mark for this machine in this run
	Note    string   `json:"note,omitempty"`
	Skipped string   `json:"skipped,omitempty"` // why it was not measured
}

// peer is the same measurement of another program, in the same run.
type peer struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"` // median
	Runs  int     `json:"runs"`
	Ratio float64 `json:"ratio"` // how many times ours
	Note  string  `json:"note,omitempty"`
}

// mark is the most that a row should reach.
type mark struct {
	row  string
	most float64
}

var marks = []mark{
	{"ingest 1k series", 0.20},
	{"ingest 100k series", 0.25},
	{"ingest 100k series, stored", 0.40},
	{"ingest 1M series", 0.40},
	{"ingest pickle", 0.30},
	{"ingest UDP, lost", 0.5},
	{"memory, 1M series", 250},
	{"memory, 10k connections", 100},
	{"lost by kill -9", 0},
	{"lost by SIGTERM", 0},
	{"whisper update, 10 points", 1.2},
	{"whisper calls, 1 point", 4},
	{"whisper calls, 10 points", 8},
	{"whisper create", 75},
	{"1M a minute, cores", 0.08},
	{"1M a minute, memory", 300},
	{"1M a minute, written", 0.5},
	{"50k a minute, cores", 0.01},
	{"50k a minute, memory", 40},
	{"200 a second, cores", 0.004},
	{"200 a second, memory", 30},
	{"find branches", 1},
	{"find leaves", 8},
	{"find prefix", 0.5},
	{"find star in the middle", 1.5},
	{"answer 1 series", 0.3},
	{"answer 100 series", 10},
	{"answer 1k series", 100},
	{"answer 1k series in 800 points", 70},
	{"answer sum of 1k", 40},
	{"picture 5 series", 4},
	{"picture 20 weeks stacked", 6},
	{"index, memory", 150},
	{"index, ready", 1},
}

// relayMark is carbon-c-relay's cost on the machine of the marks, in CPU seconds per
// million points. It parses and drops, so its cost here measures this machine, and the
// marks of receiving are scaled by it.
const relayMark = 0.18

// newRow makes a row of measurements, with its mark if it has one.
func newRow(name, unit string, ours []float64, note string) row {
	r := row{Name: name, Unit: unit, Ours: median(ours), Runs: len(ours), Note: note}
	if i := slices.IndexFunc(marks, func(m mark) bool { return m.row == name }); i >= 0 {
		r.Mark, r.Scaled = &marks[i].most, &marks[i].most
	}
	return r
}

// beside adds the measurements of a peer, if there are any.
func (r row) beside(name string, values []float64, note string) row {
	if len(values) == 0 {
		return r
	}
	p := peer{Name: name, Value: median(values), Runs: len(values), Note: note}
	if r.Ours > 0 {
		p.Ratio = p.Value / r.Ours
	}
	r.Peers = append(slices.Clone(r.Peers), p)
	return r
}

// scaledBy sets the mark for this machine: factor is how many times slower it is than
// the machine of the marks.
func (r row) scaledBy(factor float64) row {
	if r.Mark != nil && factor > 0 {
		scaled := *r.Mark * factor
		r.Scaled = &scaled
	}
	return r
}

func skippedRow(name, why string) row {
	r := newRow(name, "", nil, "")
	r.Skipped = why
	return r
}

// met reports whether the row is at or below its mark, or the mark scaled to this
// machine.
func (r row) met() bool {
	return r.Skipped == "" && (r.Mark == nil || r.Ours <= max(*r.Mark, *r.Scaled))
}

// missed returns the names of rows over their marks.
func missed(rows []row) (names []string) {
	for _, r := range rows {
		if r.Skipped == "" && !r.met() {
			names = append(names, r.Name)
		}
	}
	return names
}

func writeTable(w io.Writer, rows []row) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "row\tours\tunit\truns\tmark\there\tmet\tpeers (times ours)\t")
	for _, r := range rows {
		if r.Skipped != "" {
			fmt.Fprintf(table, "%s\t-\t\t\t\t\t\tskipped: %s\t\n", r.Name, r.Skipped)
			continue
		}
		marked := "\t\t"
		if r.Mark != nil {
			met := "MISSED"
			if r.met() {
				met = "yes"
			}
			marked = fmt.Sprintf("%g\t%s\t%s", *r.Mark, short(*r.Scaled), met)
		}
		var peers []string
		for _, p := range r.Peers {
			text := p.Name + " " + short(p.Value)
			if p.Ratio > 0 {
				text += fmt.Sprintf(" (%.1fx)", p.Ratio)
			}
			if p.Note != "" {
				text += " " + p.Note
			}
			peers = append(peers, text)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\t\n", r.Name, short(r.Ours), r.Unit, r.Runs, marked, strings.Join(peers, ", "))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, r := range rows {
		if r.Note != "" {
			fmt.Fprintf(w, "%s: %s\n", r.Name, r.Note)
		}
	}
	return nil
}

func writeJSON(w io.Writer, rows []row) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{"rows": rows, "missed": append([]string{}, missed(rows)...)})
}

// short writes a number with three significant digits, or all before the point.
func short(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// median of values; of an even number, the mean of the middle two; of none, 0.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
