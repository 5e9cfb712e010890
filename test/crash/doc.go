// Package crash proves what carbon promises about ends and faults as a user sees
// it: the real binary, real connections, real files. It holds tests only.
//
// Every sender numbers its points. What survives the death of a server is looked
// for by /render and in the whisper files, with a reader of its own: of each
// connection it must be a prefix of what was sent, every value in its place.
// With SOAK=1 there are more and longer rounds, each with a summary.
package crash
