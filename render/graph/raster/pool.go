package raster

import "sync"

// canvases keeps what canvases have allocated for the next ones: megabytes, which
// otherwise would have to be cleared for each picture.
var canvases sync.Pool

// keepPixels is the largest picture whose memory is kept.
const keepPixels = 2000 * 2000
