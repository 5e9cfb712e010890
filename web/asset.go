package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"path"
	"strings"
)

// AssetPath is the path of the assets below the server's prefix.
const AssetPath = "/-/static/"

// Asset is a file that pages refer to. Its name contains a hash of its content, so that
// browsers can cache it forever.
type Asset struct {
	Name    string // below AssetPath
	Type    string // media type
	Content []byte
}

//go:embed style.css icon.svg
var assetFiles embed.FS

var (
	style  = newAsset("style.css", "text/css; charset=utf-8")
	icon   = newAsset("icon.svg", "image/svg+xml")
	assets = []Asset{style, icon}
)

// Assets returns the assets of the plain pages. The caller must not modify them.
func Assets() []Asset { return assets }

func newAsset(name, mediaType string) Asset {
	content, err := assetFiles.ReadFile(name)
	if err != nil {
		panic(err) // the file is embedded: the name is misspelled
	}
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:6]) + ext
	return Asset{Name: hashed, Type: mediaType, Content: content}
}

// url returns the URL of the asset without scheme and host.
func (a Asset) url(prefix string) string { return prefix + AssetPath + a.Name }

// Icon returns the icon of the site, which is one of Assets.
func Icon() Asset { return icon }
