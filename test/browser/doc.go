// Package browser tests the user interface of the built binary in chromium, driven by
// the scripts in web/ui/test. It holds tests only.
package browser
