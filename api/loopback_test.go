package api

import "testing"

func TestOwnNames(t *testing.T) {
	for host, want := range map[string]bool{
		"": true, "localhost": true, "LOCALHOST:80": true, "a.localhost:80": true, "graphite": true,
		"127.0.0.1:8080": true, "192.0.2.7": true, "[::1]": true, "[::1]:80": true,
		"evil.example": false, "evil.example:8080": false, "127.0.0.1.evil.example": false, "localhost.evil.example:80": false, "localhost.": false,
	} {
		if ownName(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}
