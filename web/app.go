package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"mime"
	"path"
	"strings"
)

// bundle holds the files built from ui/, if any. app/manifest.json names the entry point.
//
//go:embed bundle
var bundle embed.FS

// App is the JavaScript application: the user interface in a browser.
type App struct {
	Script string   // name of the asset that is the entry point
	Styles []string // names of assets
	Assets []Asset  // all files; their names contain hashes
}

// ReadApp reads the application that is embedded in the binary. It returns nil without an
// error if there is none.
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
		return nil, fmt.Errorf("user interface: parse manifest.json: %w", err)
	}
	app := &App{}
	for _, chunk := range manifest {
		if chunk.IsEntry {
			app.Script, app.Styles = chunk.File, chunk.CSS
		}
	}
	if app.Script == "" {
		return nil, errors.New("user interface: manifest.json has no entry point")
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

// AppPage is the HTML page that runs the application.
type AppPage struct {
	App     *App
	Prefix  string // of every path of this server
	Version string // of the server
	Line    string // host:port of the plaintext receiver; empty: none
	Own     string // pattern of the server's self metrics
	Plain   string // URL of the plain page with the same content
}

//go:embed app.html
var appHTML string

var appTemplate = template.Must(template.New("app").Parse(appHTML))

// Write writes the page as HTML.
func (p AppPage) Write(w io.Writer) error {
	styles := make([]string, len(p.App.Styles))
	for i, name := range p.App.Styles {
		styles[i] = Asset{Name: name}.url(p.Prefix)
	}
	return appTemplate.Execute(w, struct {
		AppPage
		Script, Icon string
		Styles       []string
	}{p, Asset{Name: p.App.Script}.url(p.Prefix), icon.url(p.Prefix), styles})
}

// AppContentSecurityPolicy is the Content-Security-Policy of AppPage. It allows scripts,
// styles and images of this server in separate files, and requests to its API.
const AppContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'; " +
	"require-trusted-types-for 'script'"

// RunsScripts reports whether a User-Agent is a browser that can run the application. Text
// browsers and other programs do not call themselves Mozilla.
func RunsScripts(userAgent string) bool { return strings.HasPrefix(userAgent, "Mozilla/5.0") }
