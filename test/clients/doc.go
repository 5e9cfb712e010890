// Package clients holds tests only: real clients of other projects, as Debian and
// npm have them, send their metrics to the built server, which must have them all.
// Each file is a client system; server_test.go starts the server.
package clients
