package api

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"carbon/codec/protobuf"
	"carbon/metric"
	"carbon/render/target"
)

// outline formats a message. fields describes its fields by number: s is a string, i an
// integer, f a float, d doubles, b booleans, and parentheses enclose a message: "1(1s 2i)".
func outline(t *testing.T, message []byte, description string) string {
	t.Helper()
	type kind struct {
		letter byte
		inner  string
	}
	kinds := map[int]kind{}
	for description != "" {
		number, size := 0, 0
		fmt.Sscanf(description, "%d", &number)
		size = len(fmt.Sprint(number))
		k := kind{letter: description[size]}
		end := size + 1
		if k.letter == '(' {
			for depth := 1; depth > 0; end++ {
				switch description[end] {
				case '(':
					depth++
				case ')':
					depth--
				}
			}
			k.inner = description[size+1 : end-1]
		}
		kinds[number] = k
		description = strings.TrimPrefix(description[end:], " ")
	}
	var shown []string
	for len(message) > 0 {
		f, rest, err := protobuf.Next(message)
		if err != nil {
			t.Fatalf("%v in %x", err, message)
		}
		head := message[:len(message)-len(rest)]
		message = rest
		text := "?"
		n, _ := f.Int()
		b, _ := f.Bytes()
		switch k := kinds[f.Number]; k.letter {
		case 's':
			text = string(b)
		case 'i':
			text = fmt.Sprint(n)
		case 'f':
			text = fmt.Sprint(math.Float32frombits(binary.LittleEndian.Uint32(head[len(head)-4:])))
		case 'b':
			text = fmt.Sprint(b)
		case 'd':
			var values []float64
			for ; len(b) >= 8; b = b[8:] {
				values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(b)))
			}
			text = fmt.Sprint(values)
		case '(':
			text = "(" + outline(t, b, k.inner) + ")"
		}
		shown = append(shown, fmt.Sprint(f.Number, ":", text))
	}
	return strings.Join(shown, " ")
}

// send sends a message, as carbonapi does with GET.
func (f *fixture) send(t *testing.T, method, address string, message []byte, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, address, strings.NewReader(string(message)))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result()
}

func globMessage(from, until int64, patterns ...string) []byte {
	var b []byte
	for _, p := range patterns {
		b = protobuf.AppendItem(b, 1, p)
	}
	return protobuf.AppendInt(protobuf.AppendInt(b, 2, from), 3, until)
}

func fetchMessage(all ...fetchRequest) []byte {
	var b []byte
	for _, q := range all {
		m := protobuf.AppendString(nil, 1, q.name)
		m = protobuf.AppendInt(protobuf.AppendInt(m, 2, q.from), 3, q.until)
		m = protobuf.AppendString(m, 5, q.pathExpression)
		b = protobuf.AppendItem(b, 1, protobuf.AppendInt(m, 7, 100))
	}
	return b
}

func TestFindMessages(t *testing.T) {
	f := newFixture(nil)
	const glob = "1s 2(1s 2i)"
	check := func(r *http.Response, mediaType, description, want string) {
		t.Helper()
		if got := r.Header.Get("Content-Type"); r.StatusCode != 200 || got != mediaType {
			t.Errorf("%d, %s: %s", r.StatusCode, got, body(t, r))
			return
		}
		if got := outline(t, []byte(body(t, r)), description); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	const two = "1:servers.web01.l* 2:(1:servers.web01.load) 2:(1:servers.web01.load 2:1)"
	for _, format := range []string{"protobuf", "protobuf3", "carbonapi_v2_pb"} {
		r := f.do(t, "GET", "/metrics/find/?local=1&query=servers.web01.l*&format="+format, "")
		check(r, "application/x-protobuf", glob, two)
	}
	check(f.do(t, "POST", "/metrics/find", "query=servers.web01.l*&leavesOnly=1&format=protobuf"), "application/x-protobuf", glob,
		"1:servers.web01.l* 2:(1:servers.web01.load 2:1)")

	const none, db = "1:nope", "1:servers.db 2:(1:servers.db)"
	request := globMessage(1000, 2000, "nope", "servers.web01.l*", "servers.db", "nope")
	want := "1:(" + none + ") 1:(" + two + ") 1:(" + db + ") 1:(" + none + ")"
	for _, method := range []string{"GET", "POST"} {
		check(f.send(t, method, "/metrics/find/?format=carbonapi_v3_pb", request), "application/x-carbonapi-v3-pb", "1("+glob+")", want)
		if f.finder.window != (metric.Window{From: 1000, Until: 2000}) {
			t.Errorf("looked for %+v", f.finder.window)
		}
		check(f.send(t, method, "/metrics/find?format=json", request, "Accept", "application/x-carbonapi-v3-pb"),
			"application/x-carbonapi-v3-pb", "1("+glob+")", want)
	}
	f.send(t, "POST", "/metrics/find?format=carbonapi_v3_pb", globMessage(0, 0, "*"))
	if f.finder.window != (metric.Window{Until: anyTime}) {
		t.Errorf("looked for %+v", f.finder.window)
	}
	check(f.do(t, "GET", "/metrics/find?format=carbonapi_v3_pb&query=servers.db", ""), "application/x-carbonapi-v3-pb", "1("+glob+")", "1:("+db+")")
}

func TestRenderMessages(t *testing.T) {
	f := newFixture(func(o *Options) { o.Describer = describer{} })
	const day = "from=1793531243&until=1793617643"
	const v2, v3 = "1(1s 2i 3i 4i 5d 6b)", "1(1s 2s 3s 4i 5i 6i 7f 9d 11i 12i)"
	check := func(r *http.Response, mediaType, description string, want ...string) {
		t.Helper()
		if got := r.Header.Get("Content-Type"); r.StatusCode != 200 || got != mediaType {
			t.Errorf("%d, %s: %s", r.StatusCode, got, body(t, r))
			return
		}
		got := outline(t, []byte(body(t, r)), description)
		if want := "1:(" + strings.Join(want, ") 1:(") + ")"; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	two := func(name string) string {
		return "1:" + name + " 2:1793613660 3:1793613840 4:60 5:[1 0 2.5] 6:[0 1 0]"
	}
	for _, format := range []string{"protobuf", "protobuf3", "carbonapi_v2_pb"} {
		check(f.do(t, "GET", "/render/?target=a&target=b&format="+format+"&"+day, ""), "application/x-protobuf", v2, two("a"), two("b"))
	}

	three := func(name, path, stored string, from, until int64) string {
		return fmt.Sprintf("1:%s 2:%s 3:%s 4:1793613660 5:1793613840 6:60 %s9:[1 NaN 2.5] 11:%d 12:%d", name, path, stored, "7:0.25 ", from, until)
	}
	other := func(name string, from, until int64) string {
		return strings.Replace(three(name, name, "average", from, until), "7:0.25 ", "", 1)
	}
	request := fetchMessage(
		fetchRequest{"a", "*", 10, 20}, fetchRequest{"b", "", 10, 20}, fetchRequest{"a", "a", 10, 30},
		fetchRequest{"scale(a,2)", "", 10, 20}, fetchRequest{"a", "other", 10, 20},
	)
	for _, method := range []string{"GET", "POST"} {
		for _, how := range [][]string{{"?format=carbonapi_v3_pb"}, {"?format=json", "Accept", "application/x-carbonapi-v3-pb"}} {
			check(f.send(t, method, "/render/"+how[0], request, how[1:]...), "application/x-carbonapi-v3-pb", v3,
				three("a", "*", "sum", 10, 20), three("a", "other", "sum", 10, 20), three("b", "b", "sum", 10, 20),
				three("a", "a", "sum", 10, 30), other("scale(a,2)", 10, 20))
		}
	}
	if f.engine.last.Now != testNow {
		t.Errorf("now is %d", f.engine.last.Now)
	}
	check(f.do(t, "GET", "/render?target=a&format=carbonapi_v3_pb&"+day, ""), "application/x-carbonapi-v3-pb", v3,
		three("a", "a", "sum", 1793531243, 1793617643))
	check(f.do(t, "POST", "/render?format=carbonapi_v3_pb", "target=seriesByTag('a=b')&"+day), "application/x-carbonapi-v3-pb", v3,
		three("seriesByTag('a=b')", "seriesByTag('a=b')", "sum", 1793531243, 1793617643))
}

// describer returns the same layout for every metric.
type describer struct{}

func (describer) Describe(string) (metric.Layout, error) {
	return metric.Layout{
		Archives: []metric.Archive{{Step: 60, Points: 1440}, {Step: 3600, Points: 720}}, Aggregation: "sum", XFilesFactor: 0.25,
	}, nil
}

func TestMessageErrors(t *testing.T) {
	f := newFixture(func(o *Options) { o.MaxBody = 1 << 20 })
	f.engine.fail = map[string]error{"bad(": &target.SyntaxError{}, "broken(": errors.New("broken")}
	check := func(path string, message []byte, code int) {
		t.Helper()
		r := f.send(t, "POST", path+"?format=carbonapi_v3_pb", message)
		if text := body(t, r); r.StatusCode != code || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s %.20x: %d %s", path, message, r.StatusCode, text)
		}
	}
	for _, path := range []string{"/render", "/metrics/find"} {
		for _, message := range []string{"\x0a", "\x0a\x05a", "\x08\x01", "\x0b", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "not a message"} {
			check(path, []byte(message), 400)
		}
		check(path, make([]byte, 2<<20), 413)
	}
	check("/metrics/find", nil, 400) // no query
	check("/metrics/find", globMessage(0, 0, "a", strings.Repeat("a.", 200)), 400)
	check("/metrics/find", globMessage(0, 0, "nope", "nada"), 404)
	check("/metrics/find", globMessage(0, 0, slices.Repeat([]string{"a"}, maxParams+1)...), 413)
	check("/render", nil, 404)
	check("/render", fetchMessage(fetchRequest{"nope", "", 10, 20}), 404)
	check("/render", fetchMessage(fetchRequest{"a", "", 20, 10}), 400)
	check("/render", fetchMessage(fetchRequest{"a", "", 10, 20}, fetchRequest{"bad(", "", 10, 20}), 400)
	check("/render", fetchMessage(fetchRequest{"broken(", "", 10, 20}), 500)
	check("/render", fetchMessage(slices.Repeat([]fetchRequest{{"a", "", 10, 20}}, maxParams+1)...), 413)
	for _, address := range []string{"/metrics/find?query=nope&format=protobuf", "/render?target=nope&format=protobuf"} {
		if r := f.do(t, "GET", address, ""); r.StatusCode != 404 {
			t.Errorf("%s: %d", address, r.StatusCode)
		}
	}
}

// FuzzMessages checks that every body gets an answer or an error of the client.
func FuzzMessages(f *testing.F) {
	f.Add(globMessage(1000, 2000, "servers.*", "nope"))
	f.Add(fetchMessage(fetchRequest{"a", "*", 10, 20}, fetchRequest{"scale(a,2)", "", 10, 30}))
	f.Add([]byte("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	server := newFixture(nil)
	f.Fuzz(func(t *testing.T, message []byte) {
		for _, path := range []string{"/render", "/metrics/find", "/info", "/_internal/capabilities"} {
			switch r := server.send(t, "POST", path+"?format=carbonapi_v3_pb", message); r.StatusCode {
			case 200, 400, 404, 413:
			default:
				t.Errorf("%s %x: %d", path, message, r.StatusCode)
			}
		}
	})
}
