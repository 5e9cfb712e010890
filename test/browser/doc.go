// Package browser tests the built binary as people see it: in a browser, which the
// scripts below web/ui/test drive. It has no code of its own.
package browser
