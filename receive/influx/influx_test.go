package influx

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"carbon/metric"
	"carbon/receive/httpintake"
	"carbon/receive/httpintake/httpintaketest"
)

// site answers InfluxDB's paths.
func site(in *httpintake.Intake) http.Handler { return mux(in, nil) }

func mux(in *httpintake.Intake, template *Template) http.Handler {
	h := Handle(in, template)
	m := http.NewServeMux()
	m.Handle("/write", h.Write)
	m.Handle("/api/v2/write", h.Write)
	m.Handle("/ping", h.Ping)
	m.Handle("/query", h.Query)
	return m
}

func TestVectors(t *testing.T) { httpintaketest.Vectors(t, site) }

const now = 1_700_000_500

// read reads a body with times in seconds.
func read(t testing.TB, text string, o Options) (points []string, bad map[string]int, partial string) {
	t.Helper()
	bad = map[string]int{}
	if o.Unit == 0 {
		o.Unit, o.PerUnit = 1, 1
	}
	o.Now = now
	o.Refuse = func(reason string, _ []byte) { bad[reason]++ }
	batch := metric.NewBatch(func(taken []metric.Datapoint) error {
		points = append(points, httpintaketest.Names(taken)...)
		return nil
	})
	err := new(Reader).Read([]byte(text), o, batch)
	var p *PartialError
	if errors.As(err, &p) {
		partial = p.Error()
	} else if err != nil {
		t.Fatal(err)
	}
	batch.Flush()
	return points, bad, partial
}

func TestLines(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		got, _, partial := read(t, text, Options{})
		if !slices.Equal(got, want) || partial != "" {
			t.Errorf("%q: got %q %s, want %q", text, got, partial, want)
		}
	}
	f("")
	f("\n\r\n  \n# a comment\n")
	f("a v=1 5", "a.v 1 5")
	f("a v=1 5\n", "a.v 1 5")
	f("  a v=1 5 \r\n", "a.v 1 5")
	f("a  v=1  5", "a.v 1 5")
	f("a v=1", "a.v 1 1700000500")
	f("a v=1,w=-2.5e3,x=7i,y=7u,z=t 5", "a.v 1 5", "a.w -2500 5", "a.x 7 5", "a.y 7 5", "a.z 1 5")
	f("a T=T,t=t,tr=true,True=True,TRUE=TRUE,F=F,f=f,fa=false,False=False,FALSE=FALSE 5",
		"a.T 1 5", "a.t 1 5", "a.tr 1 5", "a.True 1 5", "a.TRUE 1 5", "a.F 0 5", "a.f 0 5", "a.fa 0 5", "a.False 0 5", "a.FALSE 0 5")
	f(`a s="x y, z=1 \" \\",v=1 5`, "a.v 1 5")
	f("a s=\"two\nlines\",v=1 5\nb v=2 5", "a.v 1 5", "b.v 2 5")
	f("a v=nan,w=inf,x=-inf,y=NaN,z=1 5", "a.z 1 5")
	f("a,b=2,a=1 v=1 5", "a.v;a=1;b=2 1 5")
	f("a,k=1,k=2 v=1 5", "a.v;k=2 1 5")
	f("a,a=1,a-b=2,ab=3 v=1 5", "a.v;a-b=2;a=1;ab=3 1 5") // in the order of canonical names
	f("a,k=,l=x v=1 5", "a.v;l=x 1 5")
	f(`a\ b\,c,k\ 1=v\ \,\=\;2 f\ g\=h=1 5`, "a_b_c.f_g=h;k_1=v_,=\\_2 1 5")
	f(`a\b,k=x\y v=1 5`, `a_b.v;k=x\y 1 5`)
	f("a v=9223372036854775807i,w=18446744073709551615u 5", "a.v 9.223372036854776e+18 5", "a.w 1.8446744073709552e+19 5")
	f("a,x=1 v=1 5\na,x=1 v=2 6\na,x=2 v=3 6", "a.v;x=1 1 5", "a.v;x=1 2 6", "a.v;x=2 3 6")
	f("ü,ö=ä é=1 5", "ü.é;ö=ä 1 5")
	f("a v=.5,w=5.,x=+1 5", "a.v 0.5 5", "a.w 5 5", "a.x 1 5")
}

func TestPartialWrites(t *testing.T) {
	f := func(text, partial, reason string, want ...string) {
		t.Helper()
		got, bad, told := read(t, text, Options{})
		if !slices.Equal(got, want) || told != "partial write: "+partial || bad[reason] == 0 {
			t.Errorf("%q: got %q, %q, %v", text, got, told, bad)
		}
	}
	good := "good v=1 5"
	for _, bad := range []struct{ line, reason string }{
		{"a", BadField},
		{"a ", BadField},
		{"a b c=1 5", BadField},
		{"a =1 5", BadField},
		{"a b= 5", BadValue},
		{"a b=x 5", BadValue},
		{"a b=0x10 5", BadValue},
		{"a b=1_0 5", BadValue},
		{"a b=1.5i 5", BadValue},
		{"a b=i 5", BadValue},
		{"a b=-1u 5", BadValue},
		{"a b=99999999999999999999i 5", BadValue},
		{"a b=1,", BadField},
		{"a b=1,c 5", BadField},
		{`a b="x 5`, BadText},
		{`a b="x"y 5`, BadField},
		{"a b=1 5x", BadTimestamp},
		{"a b=1 5.5", BadTimestamp},
		{"a b=1 5 6", BadTimestamp},
		{"a b=1 0", "timestamp out of range"},
		{"a b=1 -1", "timestamp out of range"},
		{"a b=1 9223372036854775808", BadTimestamp},
		{"a,b c=1 5", BadKey},
		{"a,=x c=1 5", BadKey},
		{",b=x c=1 5", BadKey},
		{"... c=1 5", BadKey},
		{strings.Repeat("a", maxKey+1) + " b=1 5", TooLong},
		{"a " + strings.Repeat("b", maxKey+1) + "=1 5", TooLong},
	} {
		f(good+"\n"+bad.line+"\n\n"+good, "line 2: "+bad.reason, bad.reason, "good.v 1 5", "good.v 1 5")
	}
	f("a b\\\nc d=1 5", "line 1: field", BadField, "c.d 1 5")
	f("a b\\", "line 1: field", BadField)
	f("a b=x,c=1,d=2 5", "line 1: value", BadValue, "a.c 1 5", "a.d 2 5")
	f("a b=\"open 5\nc d=\"closed\",e=1 6", "line 1: unterminated text", BadText, "c.e 1 6")
	f("a s=\"two\nlines\",v=1 5\nbad", "line 3: field", BadField, "a.v 1 5")

	_, _, told := read(t, strings.Repeat("bad\n", 100), Options{})
	if !strings.HasPrefix(told, "partial write: line 1: field; line 2") || !strings.HasSuffix(told, "line 10: field; and 90 more") {
		t.Errorf("told %q", told)
	}
}

// Bodies that could take long to read do not.
func TestHostileBodies(t *testing.T) {
	const n = 1 << 20
	for _, text := range []string{
		strings.Repeat("a b=\"\n", n), strings.Repeat("a b=\"\\\"\n", n), strings.Repeat("a,b\n", n), "a," + strings.Repeat("b=c,", n),
		"a,x=" + strings.Repeat("y", maxKey-8) + " " + strings.Repeat("b=1,", 1<<14), strings.Repeat("\\", 4*n), strings.Repeat("a\\\n", n), "a b=\"" + strings.Repeat("\n", 4*n),
	} {
		begin := time.Now()
		batch := metric.NewBatch(func([]metric.Datapoint) error { return nil })
		new(Reader).Read([]byte(text), Options{}, batch)
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%.30q… takes %v", text, took)
		}
	}
}

func TestPrecision(t *testing.T) {
	f := func(name, stamp string, want int64) {
		t.Helper()
		unit, per, ok := precision(name)
		got, _, partial := read(t, "a v=1 "+stamp, Options{Unit: unit, PerUnit: per})
		if text := fmt.Sprint("a.v 1 ", want); !ok || partial != "" || !slices.Equal(got, []string{text}) {
			t.Errorf("%s in %q: got %q %s", stamp, name, got, partial)
		}
	}
	f("", "1700000000999999999", 1700000000)
	f("ns", "1700000000000000000", 1700000000)
	f("n", "1700000000000000000", 1700000000)
	f("us", "1700000000000001", 1700000000)
	f("u", "1700000000000001", 1700000000)
	f("µ", "1700000000000001", 1700000000)
	f("ms", "1700000000001", 1700000000)
	f("s", "1700000000", 1700000000)
	f("m", "28333333", 1699999980)
	f("h", "472222", 1699999200)
	if _, _, ok := precision("d"); ok {
		t.Error("days are not a precision")
	}
	if _, bad, _ := read(t, "a v=1 9223372036854775807", Options{Unit: 1, PerUnit: 3600}); bad["timestamp out of range"] != 1 {
		t.Errorf("refused %v", bad)
	}
}

func TestTemplate(t *testing.T) {
	f := func(template, line, want string) {
		t.Helper()
		p, err := ParseTemplate(template)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := read(t, line, Options{Template: p, Database: "my db"}); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q", template, got, want)
		}
	}
	const line = "metrics,component=server,key=rpc.get_status avg=1 5"
	f("inmanta.{component}.{key.}.{field}", line, "inmanta.server.rpc.get_status.avg 1 5")
	f("inmanta.{tag:component}.{tag:key}.{field}", line, "inmanta.server.rpc_get_status.avg 1 5")
	f("{db}.{measurement}.{host}.{field}", line, "my_db.metrics.unknown.avg 1 5")
	f("{field}", line, "avg 1 5")
	for _, bad := range []string{"a", "{field", "field}", "{}{field}", "{measurement}"} {
		if _, err := ParseTemplate(bad); err == nil {
			t.Errorf("%q is a template", bad)
		}
	}
}

func TestAnswers(t *testing.T) {
	s := httpintaketest.New(t, site)
	f := func(path, body string, want int, text string, headers ...string) {
		t.Helper()
		code, header, got := s.Post(t, path, body, headers...)
		if code != want || !strings.Contains(got, text) || header.Get("X-Influxdb-Version") != Version {
			t.Errorf("POST %s: %d %s, want %d %s", path, code, got, want, text)
		}
	}
	f("/write", "", 204, "")
	f("/write?precision=s", "a v=1 5\na v=nan 5", 204, "")
	f("/api/v2/write?org=o&bucket=b&precision=s", "a v=1 5\n", 204, "")
	f("/write?precision=s", "a v=1 5\nbad\n", 400, `"error":"partial write: line 2: field"`)
	f("/write?precision=fortnight", "a v=1 5", 400, `precision`)
	f("/write", strings.Repeat("x", httpintaketest.MaxBody+1), 413, "more than")
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(bytes.Repeat([]byte("a v=1 5\n"), 1000))
	w.Close()
	f("/write?precision=s", z.String(), 204, "", "Content-Encoding", "gzip")
	f("/write", z.String()[:z.Len()/2], 400, "body", "Content-Encoding", "gzip")
	f("/write", "no gzip", 400, "body", "Content-Encoding", "gzip")
	f("/write", "x", 415, "unknown Content-Encoding", "Content-Encoding", "rot13")
	z.Reset()
	w = gzip.NewWriter(&z)
	for range 64 {
		w.Write(make([]byte, 1<<20))
	}
	w.Close()
	f("/write", z.String(), 413, "too long after decompression", "Content-Encoding", "gzip")
	if got := len(s.Taken(t)); got != 1003 {
		t.Errorf("took %d points", got)
	}
	s.FailCommit(errors.New("disk full"))
	f("/write?precision=s", "a v=1 5", 503, "not stored")
	f("/write?precision=s", "a v=1 5\nbad", 503, "not stored")

	f("/query?q=CREATE+DATABASE+x", "", 200, `{"results":[{"statement_id":0}]}`)
	f("/query", "q=select+*+from+x;show+databases", 200, `{"results":[{"statement_id":0,"error":"SELECT`, "Content-Type", "application/x-www-form-urlencoded")
	f("/query", "", 200, `{"results":[{"statement_id":0}]}`)
}

// The names are canonical, so that the pipeline need not change them.
func TestNamesAreCanonical(t *testing.T) {
	points, _, _ := read(t, "a.b,z=1,a-b=2,ab=3,a=4,b.c=5 v=1,w.x=2 5", Options{})
	for _, p := range points {
		name, _, _ := strings.Cut(p, " ")
		if canonical, err := metric.Canonical(name); err != nil || canonical != name {
			t.Errorf("%s is %s %v", name, canonical, err)
		}
	}
	if len(points) != 2 {
		t.Errorf("got %q", points)
	}
}

func TestFieldsWithoutValueAreCounted(t *testing.T) {
	_, bad, _ := read(t, "a v=nan,w=inf,x=\"text\",y=1 5", Options{})
	if !maps.Equal(bad, map[string]int{NoValue: 3}) {
		t.Errorf("counted %v", bad)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"a v=1 5", `a\ b,c=d\,e f="g\"h",i=7i 5`, "a v=nan,w=t\n#x\n\nb x=1", "a b=\"x\ny\" 1", `a\`, `a,b=\`, `a b\=`, `a b="\`} {
		f.Add([]byte(s))
	}
	template, err := ParseTemplate("{db}.{measurement}.{x.}.{y}.{field}")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		n := [2]int{}
		for i, template := range []*Template{nil, template} {
			batch := metric.NewBatch(func(points []metric.Datapoint) error {
				for _, p := range points {
					n[i]++
					if p.Value-p.Value != 0 || math.IsNaN(p.Value) || p.Time < 1 || p.Time >= 1<<32 || p.Name == "" {
						t.Errorf("%q: %+v", text, p)
					}
				}
				return nil
			})
			new(Reader).Read(text, Options{Now: now, Template: template, Database: "d"}, batch)
			batch.Flush()
		}
		if n[0] != n[1] || !bytes.Equal(text, before) {
			t.Errorf("%q: %v points", text, n)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var text []byte
	for i := range 1000 {
		text = fmt.Appendf(text, "cpu,cpu=cpu%d,host=web%d usage_user=%d.25,usage_system=1.5,usage_idle=93.75,usage_iowait=0.125,usage_nice=0 1700000000000000000\n", i%8, i/8, i%100)
	}
	batch := metric.NewBatch(func([]metric.Datapoint) error { return nil })
	r := &Reader{}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := r.Read(text, Options{}, batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/5000, "ns/point")
}
