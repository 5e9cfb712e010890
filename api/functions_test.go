package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestFunctions(t *testing.T) {
	h := New(Options{Renderer: &fakeEngine{}, Finder: &fakeFinder{}})
	get := func(method, path string, want int) string {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != want {
			t.Errorf("%s %s: %d, want %d", method, path, w.Code, want)
		}
		return strings.TrimSpace(w.Body.String())
	}
	names := func(path string) map[string]map[string]json.RawMessage {
		t.Helper()
		var list map[string]map[string]json.RawMessage
		if err := json.Unmarshal([]byte(get(http.MethodGet, path, http.StatusOK)), &list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	if all := names("/functions/?jsonp=f"); all["sumSeries"] == nil || string(all["sum"]["function"]) != `"sum(*seriesLists)"` {
		t.Error("functions are not listed by all their names")
	} else if !strings.Contains(string(all["summarize"]["params"]), `"suggestions":["10min"`) {
		t.Errorf("summarize has no suggestions: %s", all["summarize"]["params"])
	}
	if some := names("/functions?group=Graph"); some["dashed"] == nil || some["sum"] != nil {
		t.Errorf("group=Graph has the wrong functions: %v", some)
	}
	if none := names("/functions?group=None"); len(none) != 0 {
		t.Errorf("a group that does not exist has functions: %v", none)
	}
	if groups := names("/functions?grouped=True"); groups["Graph"]["dashed"] == nil || len(groups["Pie"]) != 0 {
		t.Errorf("wrong groups: %v", groups)
	}
	if pies := names("/functions?type=pie"); len(pies) != 3 || string(pies["average"]["function"]) != `"average(series)"` {
		t.Errorf("wrong functions of pies: %v", pies)
	}
	const dashed = `"group":"Graph","params":[{"name":"seriesList","type":"seriesList","required":true},{"name":"dashLength","type":"integer","default":5}]}`
	if one := get(http.MethodGet, "/functions/dashed", http.StatusOK); !strings.HasPrefix(one, `{"name":"dashed","function":"dashed(seriesList, dashLength=5)"`) || !strings.HasSuffix(one, dashed) {
		t.Errorf("dashed is %s", one)
	}
	if one := get(http.MethodGet, "/functions/average?type=pie", http.StatusOK); !strings.Contains(one, `"group":"Pie"`) {
		t.Errorf("average is %s", one)
	}
	get(http.MethodGet, "/functions/%64ashed", http.StatusOK)
	get(http.MethodGet, "/functions/dashed/", http.StatusNotFound)
	get(http.MethodGet, "/functions/nosuch", http.StatusNotFound)
	get(http.MethodGet, "/functions/a/b", http.StatusNotFound)
	get(http.MethodGet, "/functions/average", http.StatusNotFound)
	get(http.MethodPost, "/functions", http.StatusMethodNotAllowed)
}
