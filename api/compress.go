package api

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// compress compresses answers with gzip or zstd for clients that accept it, except
// short ones and PNG. Text of numbers shrinks to a tenth at the fastest level.
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

// compressFrom is the length in bytes from which answers are compressed.
const compressFrom = 1400

func compressible(mediaType string) bool {
	return mediaType != "image/png" && gzhttp.DefaultContentTypeFilter(mediaType)
}
