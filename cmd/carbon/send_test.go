package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"carbon/metric"
	"carbon/receive/pickle"
	"carbon/receive/receivetest"
)

func TestSendPickles(t *testing.T) {
	var lines strings.Builder
	fmt.Fprintln(&lines, "now 1.5")
	for i := range 5000 {
		fmt.Fprintf(&lines, "many.m%d %d 1700000000\n", i, i)
	}
	var out bytes.Buffer
	if err := sendPickles(&out, strings.NewReader(lines.String()), time.Unix(1700000500, 0)); err != nil {
		t.Fatal(err)
	}
	var got []metric.Datapoint
	err := pickle.New(pickle.Options{}).Read(receivetest.Stream(&out), func(points []metric.Datapoint) error {
		for _, p := range points {
			p.Name = strings.Clone(p.Name)
			got = append(got, p)
		}
		return nil
	})
	if err != nil || len(got) != 5001 || fmt.Sprint(got[0], got[5000]) != "{now {1700000500 1.5}} {many.m4999 {1700000000 4999}}" {
		t.Errorf("got %d datapoints, %v", len(got), err)
	}
	if err := sendPickles(&out, strings.NewReader("a x 5\n"), time.Now()); err == nil {
		t.Error("no error for a value that is not a number")
	}
}

// datagrams has an element for each Write.
type datagrams []string

func (d *datagrams) Write(b []byte) (int, error) {
	*d = append(*d, string(b))
	return len(b), nil
}

func TestSendStatsd(t *testing.T) {
	var got datagrams
	if err := sendStatsd(&got, strings.NewReader("a:1|c\n\n  b:2|ms|@0.1\n"), time.Now()); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintf("%q", got) != `["a:1|c\nb:2|ms|@0.1"]` {
		t.Errorf("got %q", got)
	}
	got = nil
	if err := sendStatsd(&got, strings.NewReader(strings.Repeat("counter.name:1|c\n", 1000)), time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, d := range got {
		if len(d) > maxDatagram {
			t.Errorf("datagram of %d bytes, want at most %d", len(d), maxDatagram)
		}
	}
	if n := strings.Count(strings.Join(got, "\n"), "|c"); n != 1000 {
		t.Errorf("%d lines, want 1000", n)
	}
	if err := sendStatsd(&got, strings.NewReader("a 1\n"), time.Now()); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("got %v", err)
	}
}
