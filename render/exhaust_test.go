package render

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"carbon/render/function"
)

// Small requests with large results are refused before they exhaust memory or time.
func TestExhaustion(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	percents := strings.Repeat("%", 20_000)
	many := strings.Repeat(`,"avg"`, 1001)
	engine := New(prepare(1000, 1), Options{Limits: Limits{Points: 2_000_000}})
	for target, want := range map[string]string{
		// Names that become longer with each series.
		`scale(alias(web.*.cpu,"` + long + `"),2)`:                                       function.PointsLimit,
		`asPercent(scale(scale(web.*.cpu,2),2))`:                                         function.PointsLimit,
		`divideSeries(scale(web.*.cpu,2),alias(limit(web.*.cpu,1),"` + long + `"))`:      function.PointsLimit,
		`powSeriesLists(web.*.cpu,alias(limit(web.*.cpu,1),"` + long + `"))`:             function.PointsLimit,
		`timeStack(alias(constantLine(1),"` + long + `"),"1s",0,1000)`:                   function.PointsLimit,
		`groupByNodes(alias(limit(web.*.cpu,1),"` + long + `"),"sum"` + nodes() + `)`:    function.PointsLimit,
		`aliasByNode(alias(limit(web.*.cpu,1),"` + long + `")` + nodes() + `)`:           function.PointsLimit,
		`applyByNode(alias(limit(web.*.cpu,1),"` + long + `"),0,"` + percents + `")`:     "templateFunction: longer than",
		`applyByNode(alias(limit(web.*.cpu,1),"` + long + `"),0,"a","` + percents + `")`: "newName: longer than",

		`reduceSeries(mapSeries(web.*.cpu,1),"` + long + `",2,"cpu")`:    function.PointsLimit,
		`reduceSeries(mapSeries(web.*.cpu,1),"sum",2` + matchers() + `)`: function.PointsLimit,

		// Arguments beyond count.
		`legendValue(web.*.cpu` + many + `)`: "legendValue: valuesTypes: 1001 arguments, at most 1000 are allowed",

		// Windows within windows.
		`timeStack(timeStack(timeStack(web.*.cpu,"1s",0,1000),"1h",0,1000),"1d",0,1000)`: function.PointsLimit,

		// Variables within variables.
		`template(web.$2,"` + long + `","$1$1$1$1$1$1$1$1")`: "template: ",
	} {
		_, err := engine.answer(context.Background(), request(target))
		shown := target[:min(len(target), 60)]
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", shown, err, want)
		}
		if n := engine.inUse.Load(); n != 0 {
			t.Fatalf("%s: %d points are never released", shown, n)
		}
	}
}

// nodes returns the maximum number of node arguments.
func nodes() string { return strings.Repeat(",0", 1000) }

// matchers returns the maximum number of matcher arguments.
func matchers() string { return strings.Repeat(`,"cpu"`, 1000) }

// Functions that read the whole window at each point stop when the context ends.
func TestMovingEnds(t *testing.T) {
	engine := New(examples(), Options{Limits: Limits{Time: 50 * time.Millisecond}})
	r := request(`movingWindow(time("x",1),1000000,"diff")`)
	r.From = r.Until - 2_000_000
	began := time.Now()
	if _, err := engine.answer(context.Background(), r); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

// At any limit a request is refused without a panic.
func TestEveryLimit(t *testing.T) {
	for _, target := range []string{
		"transformNull(web.*.cpu,1)", "transformNull(web.*.cpu,1,web.a.cpu)", "asPercent(web.*.cpu)",
		"weightedAverage(web.*.cpu,web.*.cpu,1)", "holtWintersConfidenceArea(web.a.cpu)", `fft(web.*.cpu)`,
		"powSeriesLists(web.*.cpu,web.*.cpu)", "stacked(web.*.cpu)", "polyfit(web.*.cpu,2)",
		`baseline(web.*.cpu,"1min",1,3)`, `slo(web.*.cpu,"1min","above",1)`, "countValues(web.*.cpu)",
		`timeStack(web.*.cpu,"1min",0,3)`, "compressPeriodicGaps(web.*.cpu)", `hitcount(web.*.cpu,"1min")`,
	} {
		for most := int64(200); most < 2000; most += 7 {
			engine := New(examples(), Options{Limits: Limits{Points: most}})
			_, err := engine.answer(context.Background(), request(target))
			var over *LimitError
			if err != nil && !errors.As(err, &over) {
				t.Errorf("%s with %d points: %v", target, most, err)
			}
			if n := engine.inUse.Load(); n != 0 {
				t.Errorf("%s with %d points: %d are never released", target, most, n)
			}
		}
	}
}

// Sums of points that overflow are refused.
func TestSpendBeyondNumbers(t *testing.T) {
	ev := New(examples(), Options{}).newEvaluation(Request{})
	if err := ev.spend(1000); err != nil {
		t.Fatal(err)
	}
	var over *LimitError
	if err := ev.spend(math.MaxInt64); !errors.As(err, &over) {
		t.Errorf("got %v", err)
	}
}

// Plan releases what it counted.
func TestPlanReleases(t *testing.T) {
	engine := New(examples(), Options{})
	for i := range 3 {
		if _, err := engine.Plan(request(fmt.Sprintf("timeStack(web.a.cpu,'1h',0,%d)", 10+i))); err != nil {
			t.Fatal(err)
		}
		if n := engine.inUse.Load(); n != 0 {
			t.Errorf("%d points are not released", n)
		}
	}
}
