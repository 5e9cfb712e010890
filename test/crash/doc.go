// Package crash tests what carbon promises about kills, stops and faults, with the
// built binary, real connections and real files. It holds tests only.
//
// Every sender numbers its points. After the end of a server the tests read the
// surviving points from /render and from the whisper files, with a reader of their
// own. Of each connection they must be a prefix of what was sent, every value in its
// slot. With SOAK=1 the tests run more and longer rounds and log a summary.
package crash
