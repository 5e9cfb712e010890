package httplines

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"carbon/receive/httpintake"
	"carbon/receive/httpintake/httpintaketest"
)

func handler(in *httpintake.Intake) http.Handler { return Handler(in, 0) }

func TestIngest(t *testing.T) {
	s := httpintaketest.New(t, handler)
	f := func(body string, want int, answer string, points ...string) {
		t.Helper()
		code, _, text := s.Post(t, "/ingest", body, "Content-Type", "application/x-www-form-urlencoded")
		if got := httpintaketest.Names(s.Taken(t)); code != want || text != answer+"\n" || !slices.Equal(got, points) {
			t.Errorf("%q: %d %s, got %q", body, code, text, got)
		}
	}
	f("", 200, `{"accepted":0,"rejected":0}`)
	f("a 1 5\nb 2 -1", 200, `{"accepted":2,"rejected":0}`, "a 1 5", "b 2 1700000500")
	f("a nan 5\n", 200, `{"accepted":0,"rejected":0}`)
	f("a 1 5\nbad\n", 200, `{"accepted":1,"rejected":1,"errors":[{"line":"bad","reason":"not three fields"}]}`, "a 1 5")
	f("bad", 400, `{"accepted":0,"rejected":1,"errors":[{"line":"bad","reason":"not three fields"}]}`)
	f("/x 1 5\n", 400, `{"accepted":0,"rejected":1,"errors":[{"line":"/x","reason":"name: slash"}]}`, "/x 1 5") // refused, and counted, by who takes it

	code, _, text := s.Post(t, "/ingest", strings.Repeat(strings.Repeat("x", 1000)+"\n", 1000))
	if code != 400 || !strings.HasPrefix(text, `{"accepted":0,"rejected":1000,`) || len(text) > maxErrors*(maxShown+60) {
		t.Errorf("%d, %d bytes: %.100s", code, len(text), text)
	}
}

func TestCompressed(t *testing.T) {
	s := httpintaketest.New(t, handler)
	f := func(encoding, body string, want int) {
		t.Helper()
		code, _, text := s.Post(t, "/ingest", body, "Content-Encoding", encoding)
		if got := len(s.Taken(t)); code != want || (code == 200) != (got == 100) {
			t.Errorf("%s: %d %s, %d points", encoding, code, text, got)
		}
	}
	packed := func(text []byte) (gz, zst string) {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(text)
		w.Close()
		z, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b.String(), string(z.EncodeAll(text, nil))
	}
	gz, zst := packed(bytes.Repeat([]byte("a 1 5\n"), 100))
	f("gzip", gz, 200)
	f("zstd", zst, 200)
	f("GZIP", gz, 200)
	f("gzip", gz[:20], 400)
	f("zstd", zst[:10], 400)
	f("zstd", gz, 400)
	f("br", gz, 415)
	gz, zst = packed(make([]byte, 64<<20))
	f("gzip", gz, 413)
	f("zstd", zst, 413)
}

// During a shutdown requests are refused, and running ones are waited for.
func TestShutdown(t *testing.T) {
	s := httpintaketest.New(t, handler)
	if err := s.Intake.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := s.Post(t, "/ingest", "a 1 5"); code != 503 || len(s.Taken(t)) > 0 {
		t.Errorf("%d after Close", code)
	}
}

func FuzzIngest(f *testing.F) {
	f.Add("a 1 5\nb", "")
	f.Add("\x1f\x8b\x08", "gzip")
	f.Add("\x28\xb5\x2f\xfd", "zstd")
	s := httpintaketest.New(f, handler)
	f.Fuzz(func(t *testing.T, body, encoding string) {
		if encoding != "gzip" && encoding != "zstd" && encoding != "deflate" {
			encoding = ""
		}
		if code, _, _ := s.Post(t, "/ingest", body, "Content-Encoding", encoding); code != 200 && code != 400 && code != 413 {
			t.Errorf("%q: %d", body, code)
		}
		s.Taken(t)
	})
}
