//go:build linux

package conformance

import (
	"bytes"
	"fmt"
	"html/template"
	"image/png"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// TestGallery draws the graphs of all recorded drawings. With GALLERY it writes them and
// a page into that directory, beside the pictures of the same names in the directory
// GALLERY_REFERENCE if that is set.
func TestGallery(t *testing.T) {
	folder := os.Getenv("GALLERY")
	if folder == "" {
		folder = t.TempDir()
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	base := start(t)
	var pairs []pair
	for _, d := range readDrawings(t) {
		query := d.Facts["query"].(string)
		picture, err := fetchPicture(base, query)
		if err == nil {
			err = checkPNG([]int{int(d.Facts["width"].(float64)), int(d.Facts["height"].(float64))}, picture)
		}
		if err == nil {
			_, err = png.Decode(bytes.NewReader(picture))
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", d.Name, err, query)
			continue
		}
		p := pair{Name: d.Name, Ours: d.Name + ".png", Query: query}
		if p.Query, err = url.QueryUnescape(query); err != nil {
			p.Query = query
		}
		save(t, filepath.Join(folder, p.Ours), picture)
		if reference := os.Getenv("GALLERY_REFERENCE"); reference != "" {
			if theirs, err := os.ReadFile(filepath.Join(reference, p.Ours)); err == nil {
				p.Theirs = d.Name + "-reference.png"
				save(t, filepath.Join(folder, p.Theirs), theirs)
			}
		}
		pairs = append(pairs, p)
	}
	var page bytes.Buffer
	if err := galleryPage.Execute(&page, pairs); err != nil {
		t.Fatal(err)
	}
	save(t, filepath.Join(folder, "index.html"), page.Bytes())
}

// pair names the files of our picture and of the reference's; Theirs may be empty.
type pair struct{ Name, Query, Ours, Theirs string }

var galleryPage = template.Must(template.New("gallery").Parse(`<!DOCTYPE html>
<meta charset="utf-8">
<title>Gallery</title>
<style>body { font: 14px sans-serif; background: #e5e7eb } code { color: #555; word-break: break-all } img { margin: 4px }</style>
{{range .}}<h3 id="{{.Name}}">{{.Name}}</h3>
<code>{{.Query}}</code><br>
{{if .Theirs}}<img src="{{.Theirs}}" alt="reference" title="reference">{{end}}<img src="{{.Ours}}" alt="ours" title="ours">
{{end}}`))

func fetchPicture(base, query string) ([]byte, error) {
	answer, err := http.Get(base + "/render?" + query)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %.200s", answer.StatusCode, body)
	}
	return body, err
}

func save(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
