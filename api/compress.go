package api

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// compress answers in gzip or zstd to clients that take it. Numbers as text become
// a tenth as long at the fastest level; what is short, or a picture, is left as it is.
func compress(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(compressFrom),
		gzhttp.CompressionLevel(1),
		gzhttp.EnableZstd(true),
		gzhttp.ZstdCompressionLevel(1),
		gzhttp.ContentTypeFilter(compressible),
	)
	if err != nil {
		panic(err) // the options are constants
	}
	return wrap(next)
}

// compressFrom is how many bytes are worth it.
const compressFrom = 1400

func compressible(mediaType string) bool {
	return mediaType != "image/png" && gzhttp.DefaultContentTypeFilter(mediaType)
}
