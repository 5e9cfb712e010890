// Package conformance holds the built server against answers that a real
// graphite-web gave.
//
// Its tests build cmd/carbon, start it on free ports with an empty tree, send it
// testdata/corpus.txt.gz over TCP and ask it what testdata/cases.jsonl.gz asks, a
// request and its answer per line. README.md says what is compared, and how.
package conformance
