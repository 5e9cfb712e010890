// Command carbon receives, stores, finds and draws metrics: one binary in place
// of the Graphite stack.
package main

func main() {}
