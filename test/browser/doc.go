// Package browser tests the user interface of the built binary in chromium. The scripts in
// web/ui/test drive the browser. The package contains only tests.
package browser
