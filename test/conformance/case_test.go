package conformance

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

// testCase is a line of cases.jsonl.gz. README.md describes it.
type testCase struct {
	ID      string
	Group   string
	Method  string
	Path    string
	Params  [][2]string
	Form    [][2]string
	Body    string
	Headers map[string]string
	Expect  expectation
}

type expectation struct {
	Status      int
	ContentType string `json:"content_type"`
	JSONP       string
	Normalise   normalisation

	Series, Shape, JSON, CSV, Raw json.RawMessage
	Pickle, Msgpack               json.RawMessage
	Text, Starts                  *string
	Contains                      []string
	PNG                           []int
}

type normalisation struct {
	Ignore       []string
	DropInternal bool   `json:"drop_internal"`
	DropPrefix   string `json:"drop_prefix"`
	Sort         bool
}

// name is the ID without the group, and the name of the subtest.
func (c *testCase) name() string { return strings.TrimPrefix(c.ID, c.Group+".") }

func (c *testCase) request(base string) (*http.Request, error) {
	u := base + c.Path
	if len(c.Params) > 0 {
		u += "?" + encode(c.Params)
	}
	body, kind := c.Body, ""
	switch {
	case len(c.Form) > 0:
		body, kind = encode(c.Form), "application/x-www-form-urlencoded"
	case c.Body != "":
		kind = "application/json"
	}
	r, err := http.NewRequest(c.Method, u, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for k, v := range c.Headers {
		r.Header.Set(k, v)
	}
	return r, nil
}

func encode(pairs [][2]string) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p[0]) + "=" + url.QueryEscape(p[1]))
	}
	return b.String()
}

// readCases returns the groups and the cases of each, in the order of the file.
func readCases(t *testing.T) (groups []string, cases map[string][]testCase) {
	t.Helper()
	r := open(t, "testdata/cases.jsonl.gz")
	cases = map[string][]testCase{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var c testCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if cases[c.Group] == nil {
			groups = append(groups, c.Group)
		}
		cases[c.Group] = append(cases[c.Group], c)
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return groups, cases
}

// open opens a gzipped file until the test ends.
func open(t *testing.T, name string) *gzip.Reader {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
