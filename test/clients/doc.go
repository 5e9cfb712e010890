// Package clients tests the built server with real clients of other projects, from
// Debian and npm. The server must have every metric they send. It holds tests only.
// Each file tests one kind of client; server_test.go starts the server.
package clients
