package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
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

// Every route is in the document, and nothing else: who adds one adds a row to
// operations.
func TestOpenAPIHasAllRoutes(t *testing.T) {
	f := newFixture(func(o *Options) { o.URLPrefix = "graphite" })
	documented := map[string]bool{}
	for path, methods := range readDocument(t, f).Paths {
		for method := range methods {
			documented[strings.ToUpper(method)+" "+path] = true
		}
	}
	variable := regexp.MustCompile(`\{(\w+):[^}]*\}`)
	err := chi.Walk(f.Handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method == http.MethodHead || method == http.MethodOptions {
			return nil
		}
		path := strings.Replace(variable.ReplaceAllString(route, "{$1}"), "*", "{name}", 1)
		key := method + " " + path
		if documented[key] {
			delete(documented, key)
			return nil
		}
		// Some are there to say that they are not allowed.
		filled := strings.NewReplacer("{id}", "1", "{name}", "x", "{tag}", "x").Replace(path)
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest(method, "/graphite"+filled, nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s is not in the document", key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range documented {
		t.Errorf("%s is in the document, but there is no such route", key)
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
	used := map[string]bool{}
	for _, o := range operations() {
		for _, key := range o.params {
			key = strings.TrimSuffix(key, "!")
			used[key] = true
			if parameters[key].kind == "" {
				t.Errorf("%s: no parameter %s", o.path, key)
			}
		}
	}
	for key := range parameters {
		if !used[key] {
			t.Errorf("nobody takes parameter %s", key)
		}
	}
}

// What the document says is for who may configure is that, and nothing else is.
func TestOpenAPIKnowsTheAdminsPaths(t *testing.T) {
	f := newFixture(func(o *Options) { o.Access = withAdminToken("secret") })
	for _, o := range operations() {
		for method := range strings.FieldsSeq(o.methods) {
			path := strings.NewReplacer("{id}", "1", "{name}", "x", "{tag}", "x").Replace(o.path)
			if r := f.do(t, method, path, ""); (r.StatusCode == http.StatusUnauthorized) != o.admin {
				t.Errorf("%s %s: %d", method, path, r.StatusCode)
			}
		}
	}
}
