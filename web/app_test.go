package web

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestReadApp(t *testing.T) {
	app, err := readApp(fstest.MapFS{
		"bundle/app/manifest.json": {Data: []byte(`{"src/main.tsx":{"file":"main-1.js","css":["main-2.css"],"isEntry":true},"x":{"file":"x-3.js"}}`)},
		"bundle/app/main-1.js":     {Data: []byte("1")},
		"bundle/app/main-2.css":    {Data: []byte("2")},
		"bundle/app/x-3.js":        {Data: []byte("3")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(app.Assets) != 4 {
		t.Errorf("%d assets", len(app.Assets))
	}
	var page strings.Builder
	if err := (AppPage{App: app, Prefix: "/g", Plain: `/g/plain?target="><script>`}).Write(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<script type="module" src="/g/-/static/main-1.js"></script>`,
		`<link rel="stylesheet" href="/g/-/static/main-2.css">`,
		`url=/g/plain?target=&#34;&gt;&lt;script&gt;`,
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %s in\n%s", want, page.String())
		}
	}
}

func TestReadAppWithoutBuild(t *testing.T) {
	if app, err := readApp(fstest.MapFS{"bundle/README.md": {}}); app != nil || err != nil {
		t.Errorf("%v, %v", app, err)
	}
	for _, manifest := range []string{"", "{", "{}", `{"a":{"file":"a.js"}}`} {
		if app, err := readApp(fstest.MapFS{"bundle/app/manifest.json": {Data: []byte(manifest)}}); app != nil || err == nil {
			t.Errorf("%q: %v, %v", manifest, app, err)
		}
	}
}

func TestRunsScripts(t *testing.T) {
	f := func(agent string, want bool) {
		t.Helper()
		if got := RunsScripts(agent); got != want {
			t.Errorf("%q: %v", agent, got)
		}
	}
	f("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", true)
	f("Lynx/2.9.0dev.12 libwww-FM/2.14", false)
	f("w3m/0.5.3+git20230121", false)
	f("curl/8.5.0", false)
	f("", false)
}
