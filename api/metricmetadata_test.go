package api

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"carbon/storage"
)

// fakeAggregator holds aggregation methods by name.
type fakeAggregator map[string]string

func (a fakeAggregator) Aggregation(_ context.Context, name string) (string, error) {
	if name == "broken" {
		return "", fmt.Errorf("disk on fire")
	}
	if a[name] == "" {
		return "", fmt.Errorf("%s: %w", name, storage.ErrNotFound)
	}
	return a[name], nil
}

func (a fakeAggregator) SetAggregation(ctx context.Context, name, method string) (string, error) {
	old, err := a.Aggregation(ctx, name)
	if err == nil && method == "nonsense" {
		err = fmt.Errorf("%s: %w", method, storage.ErrUnknownAggregation)
	}
	if err == nil && name == "fixed" {
		err = fmt.Errorf("%s: %w", name, storage.ErrFixedAggregation)
	}
	if err == nil {
		a[name] = method
	}
	return old, err
}

func TestMetadata(t *testing.T) {
	a := fakeAggregator{"a.b": "average", "c;k=v;l=w": "sum", "fixed": "sum"}
	f := newFixture(func(o *Options) { o.Aggregator, o.Access = a, withAdminToken("secret") })
	check := func(method, address, form string, code int, want string, headers ...string) {
		t.Helper()
		r := f.do(t, method, address, form, append(headers, "X-Request-Id", "id1", "Authorization", "Bearer secret")...)
		if got := strings.TrimSpace(body(t, r)); r.StatusCode != code || got != want {
			t.Errorf("%s %s: %d %s", method, address, r.StatusCode, got)
		}
	}
	const get, set = "/metrics/get-metadata", "/metrics/set-metadata"
	check("GET", get+"?metric=a.b&key=aggregationMethod", "", 200, `{"a.b":{"value":"average"}}`)
	check("POST", get, "metric=a.b&metric=c;l=w;k=v&metric=nope&key=aggregationMethod", 200,
		`{"a.b":{"value":"average"},"c;l=w;k=v":{"value":"sum"},"nope":{"error":"nope: metric not found"}}`)
	check("GET", get+"?metric=broken&key=aggregationMethod", "", 200, `{"broken":{"error":"internal error, request id1"}}`)
	check("GET", get+"?metric=a.b&key=color", "", 200, `{"a.b":{"error":"Unsupported metadata key \"color\""}}`)
	check("GET", get+"?metric=a.b", "", 400, "key: missing")
	check("GET", get+"?key=aggregationMethod", "", 200, "{}")

	check("GET", set+"?metric=a.b&key=aggregationMethod&value=max", "", 200, `{"a.b":{"old_value":"average","new_value":"max"}}`)
	check("GET", get+"?metric=a.b&key=aggregationMethod", "", 200, `{"a.b":{"value":"max"}}`)
	const operations = `[{"metric":"a.b","key":"aggregationMethod","value":"min"},{"metric":"x","key":"aggregationMethod","value":"min"},{"metric":"y","key":"z","value":""}]`
	const answer = `{"a.b":{"old_value":"%s","new_value":"min"},"x":{"error":"x: metric not found"},"y":{"error":"Unsupported metadata key \"z\""}}`
	check("POST", set, "operations="+operations, 200, fmt.Sprintf(answer, "max"))
	check("POST", set, operations, 200, fmt.Sprintf(answer, "min"), "Content-Type", "application/json")
	check("GET", set+"?metric=a.b&key=aggregationMethod&value=nonsense", "", 200, `{"a.b":{"error":"nonsense: unknown aggregation method"}}`)
	check("GET", set+"?metric=fixed&key=aggregationMethod&value=max", "", 200, `{"fixed":{"error":"fixed: its aggregation method cannot be changed"}}`)
	check("GET", set+"?metric=a.b&key=aggregationMethod", "", 400, "value: missing")
	check("POST", set, "operations={}", 400, `operations: must be a list of {metric, key, value}: "{}"`)
	check("POST", set, "a=b", 400, "operations: missing")

	if r := f.do(t, "GET", set+"?metric=a.b&key=aggregationMethod&value=sum", ""); r.StatusCode != 401 || a["a.b"] != "min" {
		t.Errorf("without the token: %d", r.StatusCode)
	}
}
