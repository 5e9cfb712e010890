package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"mime"
	"path"
	"strings"
)

// bundle holds what is built of ui/, if it was built: app/manifest.json says which
// of its files a page begins with.
//
//go:embed bundle
var bundle embed.FS

// App is the application that draws the pages in a browser.
type App struct {
	Script string   // the asset it begins with
	Styles []string // assets
	Assets []Asset  // all its files, the names of which hold hashes
}

// ReadApp reads what was built into the binary; nil is none, which is no error.
func ReadApp() (*App, error) { return readApp(bundle) }

func readApp(files fs.FS) (*App, error) {
	const dir = "bundle/app"
	text, err := fs.ReadFile(files, dir+"/manifest.json")
	if err != nil {
		return nil, nil
	}
	var manifest map[string]struct {
		File    string
		CSS     []string
		IsEntry bool
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("manifest.json of the user interface: %w", err)
	}
	app := &App{}
	for _, chunk := range manifest {
		if chunk.IsEntry {
			app.Script, app.Styles = chunk.File, chunk.CSS
		}
	}
	if app.Script == "" {
		return nil, fmt.Errorf("manifest.json of the user interface names no entry")
	}
	names, err := fs.Glob(files, dir+"/*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		app.Assets = append(app.Assets, Asset{Name: path.Base(name), Type: mediaTypeOf(name), Content: content})
	}
	return app, nil
}

func mediaTypeOf(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// AppPage is the page in which the application runs, whatever it then shows.
type AppPage struct {
	App     *App
	Prefix  string // of every path of this server
	Version string // of the server
	Line    string // host:port where lines are sent to; empty: nowhere
	Own     string // a pattern of the server's own metrics
	Plain   string // address of a page that needs no JavaScript
}

//go:embed app.html
var appHTML string

var appTemplate = template.Must(template.New("app").Parse(appHTML))

// Write writes the page as HTML.
func (p AppPage) Write(w io.Writer) error {
	at := func(name string) string { return p.Prefix + AssetPath + name }
	styles := make([]string, len(p.App.Styles))
	for i, name := range p.App.Styles {
		styles[i] = at(name)
	}
	return appTemplate.Execute(w, struct {
		AppPage
		Script, Icon string
		Styles       []string
	}{p, at(p.App.Script), at(icon.Name), styles})
}

// AppContentSecurityPolicy is what the application can live with: scripts, styles
// and pictures of this server, in files of their own, and its API.
const AppContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'; " +
	"require-trusted-types-for 'script'"

// RunsScripts tells by a User-Agent whether it is that of a browser that can run the
// application. Text browsers and programs do not call themselves Mozilla.
func RunsScripts(userAgent string) bool { return strings.HasPrefix(userAgent, "Mozilla/5.0") }
