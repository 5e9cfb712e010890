// Package conformance compares the built server with recorded answers of a real
// graphite-web. It holds tests only.
//
// The tests start the server with an empty tree, send it testdata/corpus.txt.gz, and
// send it the requests of testdata/cases.jsonl.gz. README.md says how answers are
// compared.
package conformance
