package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type openDocument struct {
	OpenAPI    string
	Info       struct{ Version string }
	Servers    []struct{ URL string }
	Components map[string]map[string]any
	Paths      map[string]map[string]struct {
		OperationID string
		Summary     string
		Security    []any
		Parameters  []struct {
			Name, In, Description string
			Required              bool
		}
		Responses map[string]map[string]any
	}
}

func readDocument(t *testing.T, f *fixture) (d openDocument) {
	t.Helper()
	r := f.do(t, "GET", "/graphite/-/openapi.json", "")
	if r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", r.StatusCode, r.Header)
	}
	if err := json.Unmarshal([]byte(body(t, r)), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// The document describes every route, and nothing else.
func TestOpenAPIHasAllRoutes(t *testing.T) {
	f := newFixture(func(o *Options) { o.URLPrefix = "graphite" })
	var got, want []string
	for path, methods := range readDocument(t, f).Paths {
		for method := range methods {
			got = append(got, strings.ToUpper(method)+" "+path)
		}
	}
	for _, rt := range (&server{}).ownRoutes() {
		for method := range strings.FieldsSeq(rt.Methods) {
			want = append(want, method+" "+rt.openAPIPath())
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("document has %q, routes are %q", got, want)
	}
}

func TestOpenAPIIsSound(t *testing.T) {
	d := readDocument(t, newFixture(func(o *Options) { o.URLPrefix = "graphite" }))
	if d.OpenAPI != "3.1.0" || d.Info.Version != "0.1.0" || d.Servers[0].URL != "/graphite" {
		t.Errorf("%s %s %s", d.OpenAPI, d.Info.Version, d.Servers)
	}
	if d.Components["responses"]["Error"] == nil || d.Components["securitySchemes"]["admin"] == nil {
		t.Errorf("components: %v", d.Components)
	}
	ids := map[string]bool{}
	variable := regexp.MustCompile(`\{(\w+)\}`)
	for path, methods := range d.Paths {
		for method, o := range methods {
			if o.OperationID == "" || ids[o.OperationID] || o.Summary == "" {
				t.Errorf("%s %s: id %q, %q", method, path, o.OperationID, o.Summary)
			}
			ids[o.OperationID] = true
			if o.Responses["200"]["description"] == nil || o.Responses["default"]["$ref"] != "#/components/responses/Error" {
				t.Errorf("%s %s: responses %v", method, path, o.Responses)
			}
			var inPath []string
			for _, p := range o.Parameters {
				if p.Description == "" {
					t.Errorf("%s %s: nothing is said of %s", method, path, p.Name)
				}
				if p.In == "path" {
					inPath = append(inPath, p.Name)
				}
			}
			var want []string
			for _, m := range variable.FindAllStringSubmatch(path, -1) {
				want = append(want, m[1])
			}
			if !slices.Equal(inPath, want) {
				t.Errorf("%s %s: path parameters %q", method, path, inPath)
			}
		}
	}
}

// A route needs the admin token if and only if its right is Admin.
func TestAdminRoutes(t *testing.T) {
	f := newFixture(func(o *Options) { o.Access = withAdminToken("secret") })
	for _, rt := range (&server{}).ownRoutes() {
		for _, method := range rt.methods() {
			path := strings.NewReplacer("{id}", "1", "{name}", "x", "{tag}", "x").Replace(rt.openAPIPath())
			if r := f.do(t, method, path, ""); (r.StatusCode == http.StatusUnauthorized) != (rt.Right == Admin) {
				t.Errorf("%s %s: %d", method, path, r.StatusCode)
			}
		}
	}
	if r := f.do(t, "GET", "/composer/mygraph?action=delete&graphName=x", ""); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("deleting a graph: %d", r.StatusCode)
	}
}
