package pickle

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"carbon/metric"
	"carbon/receive/receivetest"
)

func TestWriteFrame(t *testing.T) {
	want := []metric.Datapoint{
		{Name: "a.b", Point: metric.Point{Time: 1700000000, Value: 1.5}},
		{Name: "c;dc=eu", Point: metric.Point{Time: 4294967295, Value: -1e300}},
	}
	var stream bytes.Buffer
	for i := range want {
		if err := WriteFrame(&stream, want[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	var got []metric.Datapoint
	err := New(Options{}).Read(receivetest.Stream(&stream), func(points []metric.Datapoint) error {
		for _, p := range points {
			p.Name = strings.Clone(p.Name)
			got = append(got, p)
		}
		return nil
	})
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %v, %v; want %v", got, err, want)
	}
}
