package graph

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"net/url"
	"testing"

	"carbon/metric"
	"carbon/render/function"
)

// begin is the time of the first point of series in tests: 2 Nov 2026, 00:01 UTC.
const begin = 1793577660

// series returns a series with one point per minute.
func series(name string, values ...float64) function.Series {
	return function.Series{
		Series: metric.Series{Name: name, Start: begin, Step: 60, Values: values},
		End:    begin + 60*int64(len(values)),
	}
}

// wave returns a series of n points that oscillates between low and high.
func wave(name string, n int, low, high, period float64) function.Series {
	values := make([]float64, n)
	for i := range values {
		values[i] = low + (high-low)*(0.5-0.5*math.Cos(2*math.Pi*float64(i)/period))
	}
	return series(name, values...)
}

// options parses a valid query string.
func options(t testing.TB, query string) Options {
	t.Helper()
	v, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	o, err := ParseOptions(v, nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func drawing(t testing.TB, query string, series ...function.Series) *Drawing {
	t.Helper()
	d, err := Layout(options(t, query), series, Span{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func picture(t testing.TB, query string, series ...function.Series) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := DrawPNG(&b, options(t, query), series, Span{}); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func walk(b testing.TB, series, points int) []function.Series {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var all []function.Series
	for range series {
		s := wave("servers.web01.cpu.user", points, 0, 0, 1)
		v := 50.0
		for i := range s.Values {
			v += r.Float64() - 0.5
			s.Values[i] = v
		}
		all = append(all, s)
	}
	return all
}

// benchmark also reports the CPU time.
func benchmark(b *testing.B, query string, series, points int) {
	all := walk(b, series, points)
	o := options(b, query)
	d, err := Layout(o, all, Span{})
	if err != nil {
		b.Fatal(err)
	}
	c := newPixels(d)
	for _, part := range []struct {
		name string
		do   func() error
	}{
		{"all", func() error { return DrawPNG(io.Discard, o, all, Span{}) }},
		{"layout", func() (err error) { d, err = Layout(o, all, Span{}); return err }},
		{"paint", func() error { c.Release(); c = newPixels(d); Paint(c, d); return nil }},
		{"encode", func() error { return c.WritePNG(io.Discard, true) }},
	} {
		b.Run(part.name, func(b *testing.B) {
			b.ReportAllocs()
			start := cpuTime(b)
			for b.Loop() {
				if err := part.do(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpuTime(b)-start)/1e6/float64(b.N), "cpu-ms/op")
		})
	}
}

func BenchmarkPNG5x1440(b *testing.B)   { benchmark(b, "width=800&height=400", 5, 1440) }
func BenchmarkPNG20x10080(b *testing.B) { benchmark(b, "width=800&height=400", 20, 10080) }
func BenchmarkPNG20x10080Stacked(b *testing.B) {
	benchmark(b, "width=800&height=400&areaMode=stacked", 20, 10080)
}

func BenchmarkPNGSparkline(b *testing.B) { benchmark(b, "width=100&height=50&graphOnly=1", 1, 1440) }

func BenchmarkPNGPie(b *testing.B) { benchmark(b, "width=800&height=400&graphType=pie", 8, 1440) }
