package carbonlink

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"carbon/codec/pickle"
	"carbon/metric"
)

type fake struct{ method string }

func (*fake) Points(name string) ([]metric.Point, bool) {
	switch name {
	case "a.b", "a;k=v":
		return []metric.Point{{Time: 1700000000, Value: 1.5}, {Time: 1700000060, Value: -2}}, true
	}
	return nil, false
}

func (f *fake) Aggregation(_ context.Context, name string) (string, error) {
	if name != "a.b" {
		return "", errors.New("no such metric")
	}
	return f.method, nil
}

func (f *fake) SetAggregation(_ context.Context, _, method string) (old string, err error) {
	old, f.method = f.method, method
	return old, nil
}

func listen(t *testing.T) net.Conn {
	t.Helper()
	f := &fake{"average"}
	s, err := Open("127.0.0.1:0", Options{Cache: f, Metadata: f})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(t.Context()) }()
	c, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		s.Shutdown(context.Background())
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	c.SetDeadline(time.Now().Add(30 * time.Second))
	return c
}

// ask sends a request and returns the answer as text.
func ask(t *testing.T, c net.Conn, request string) string {
	t.Helper()
	b := binary.BigEndian.AppendUint32(nil, uint32(len(request)))
	if _, err := c.Write(append(b, request...)); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(c, head); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint32(head))
	if _, err := io.ReadFull(c, body); err != nil {
		t.Fatal(err)
	}
	var d pickle.Decoder
	v, err := d.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	return d.String(v)
}

func TestAnswers(t *testing.T) {
	c := listen(t)
	f := func(request, want string) {
		t.Helper()
		if got := ask(t, c, request); got != want {
			t.Errorf("%q:\n got %s\nwant %s", request, got, want)
		}
	}
	const points = "[[1.7e+09, 1.5], [1.70000006e+09, -2]]"
	f("(S'type'\nS'cache-query'\nS'metric'\nS'a.b'\nd.", `{"datapoints": `+points+"}")
	f("(S'type'\nS'cache-query'\nS'metric'\nS'.a..b'\nd.", `{"datapoints": `+points+"}")
	f("(S'type'\nS'cache-query'\nS'metric'\nS'x'\nd.", `{"datapoints": []}`)
	f("(S'type'\nS'cache-query-bulk'\nS'metrics'\n(S'a.b'\nS'x'\nS'a;k=v'\nS'x'\nI5\nld.",
		`{"datapointsByMetric": {"a.b": `+points+`, "x": [], "a;k=v": `+points+"}}")
	f("(S'type'\nS'get-metadata'\nS'metric'\nS'a.b'\nS'key'\nS'aggregationMethod'\nd.", `{"value": "average"}`)
	f("(S'type'\nS'set-metadata'\nS'metric'\nS'a.b'\nS'key'\nS'aggregationMethod'\nS'value'\nS'max'\nd.", `{"old_value": "average", "new_value": "max"}`)
	f("(S'type'\nS'get-metadata'\nS'metric'\nS'a.b'\nS'key'\nS'aggregationMethod'\nd.", `{"value": "max"}`)
	f("(S'type'\nS'get-metadata'\nS'metric'\nS'a.c'\nS'key'\nS'aggregationMethod'\nd.", `{"error": "no such metric"}`)
	f("(S'type'\nS'get-metadata'\nS'metric'\nS'a.b'\nS'key'\nS'owner'\nd.", `{"error": "unsupported metadata key \"owner\""}`)
	f("(S'type'\nS'reboot'\nd.", `{"error": "invalid request type \"reboot\""}`)
	f("(S'type'\nS'cache-query-bulk'\nd.", `{"error": "metrics is not a list"}`)
	f("I5\n.", `{"error": "request is not a dictionary"}`)
	f("garbage", `{"error": "malformed pickle at byte 1"}`)
	f("cos\nsystem\n(S'true'\ntR.", `{"error": "pickle refused at byte 1"}`)
}

func TestTooLongRequestEndsTheConnection(t *testing.T) {
	c := listen(t)
	if _, err := c.Write([]byte("\x7f\xff\xff\xff" + strings.Repeat("x", 100))); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the connection stays: %v", err)
	}
}
