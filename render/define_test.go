package render

import (
	"context"
	"errors"
	"slices"
	"testing"

	"carbon/render/function"
	"carbon/render/target"
)

func TestHashes(t *testing.T) {
	engine := New(examples(), Options{Hashes: map[string]map[string]string{"resources": {"cpu": "processor"}}})
	for text, want := range map[string][]string{
		"aliasByHash(web.a.*,'Resources')":              {"processor", "web.a.errors", "web.a.requests"},
		"aliasByHash(web.a.cpu,'resources',true)":       {"web.a.processor"},
		"aliasByHash(web.a.cpu,'people',keepPath=true)": {"web.a.cpu"},
		"aliasByHash(alias(web.a.cpu,'x'),'resources')": {"processor"},
	} {
		series, err := engine.answer(context.Background(), request(text))
		var names []string
		for _, s := range series {
			names = append(names, s.Name)
		}
		if err != nil || !slices.Equal(names, want) {
			t.Errorf("%s: got %q, %v; want %q", text, names, err, want)
		}
	}
}

func TestDefines(t *testing.T) {
	defines, err := target.ParseDefines(map[string]string{
		"twice":   "{{index .args 0}}|scale(2)",
		"unknown": "nosuch({{.argString}})",
	})
	if err != nil {
		t.Fatal(err)
	}
	engine := New(examples(), Options{Defines: defines})
	f := func(text, want string) {
		t.Helper()
		series, err := engine.answer(context.Background(), request(text))
		if err != nil || len(series) != 1 || series[0].Name != want {
			t.Errorf("%s: got %v, %v; want %s", text, series, err, want)
		}
	}
	f("twice(web.a.cpu)", "scale(web.a.cpu,2)")
	f("web.a.cpu|twice()", "scale(web.a.cpu,2)")
	f(`applyByNode(web.a.cpu,1,"twice(%.cpu)")`, "scale(web.a.cpu,2)")

	var unknown *function.UnknownError
	if _, err := engine.answer(context.Background(), request("unknown(web.a.cpu)")); !errors.As(err, &unknown) {
		t.Errorf("got %v, want an unknown function", err)
	}
	var syntax *target.SyntaxError
	if _, err := engine.answer(context.Background(), request("twice()")); !errors.As(err, &syntax) {
		t.Errorf("got %v, want an error about the template", err)
	}
}
