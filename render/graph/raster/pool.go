package raster

import "sync"

// canvases holds released canvases: they have megabytes of memory, which would otherwise be
// allocated and cleared for each picture.
var canvases sync.Pool

// keepPixels is the size of the largest picture whose memory is kept, in pixels.
const keepPixels = 2000 * 2000
