package web

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"
)

// AssetPath is the path, below the prefix, under which the page expects assets.
const AssetPath = "/-/static/"

// Asset is a file the page refers to. A hash of the content is part of the name,
// so that browsers may keep it for ever.
type Asset struct {
	Name    string // below AssetPath
	Type    string // media type
	Content []byte
}

var (
	style  = newAsset("style.css", "text/css; charset=utf-8")
	icon   = newAsset("icon.svg", "image/svg+xml")
	assets = []Asset{style, icon}
)

// Assets lists the files to be served. They must not be changed.
func Assets() []Asset { return assets }

func newAsset(name, mediaType string) Asset {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded, so only a misspelt name can fail
	}
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:6]) + ext
	return Asset{Name: hashed, Type: mediaType, Content: content}
}

// Icon is the picture of the site. It is one of Assets.
func Icon() Asset { return icon }
