package instrumentation_test

import (
	"testing"

	"carbon/instrumentation"
	"carbon/metric"
)

func received(v float64) []instrumentation.Sample {
	return []instrumentation.Sample{
		{Name: "metricsReceived", Help: "Datapoints taken.", Value: v, Counter: true},
		{Name: "cache.size", Help: "Points waiting.", Value: 7},
	}
}

func TestRecorder(t *testing.T) {
	r := instrumentation.NewRecorder(instrumentation.AgentPrefix("carbon", "web01.example.org"), 60)
	f := func(now int64, counter float64, wantTime int64, wantReceived float64) {
		t.Helper()
		got := r.Record(now, received(counter))
		want := []metric.Datapoint{
			{Name: "carbon.agents.web01_example_org-a.metricsReceived", Point: metric.Point{Time: wantTime, Value: wantReceived}},
			{Name: "carbon.agents.web01_example_org-a.cache.size", Point: metric.Point{Time: wantTime, Value: 7}},
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("at %d: got %v, want %v", now, got[i], want[i])
			}
		}
	}
	f(610, 5, 600, 5)     // the server starts during an interval
	f(650, 9, 600, 9)     // the increase so far
	f(660, 10, 600, 10)   // the whole interval
	f(670, 12, 660, 2)    // the next interval begins
	f(720, 110, 660, 100) // it ends
	f(900, 111, 720, 1)   // late: the increase belongs to the interval that began at 720
	f(910, 111, 900, 0)   // no increase
}
