// Package zmtp implements ZMTP, the protocol of ZeroMQ's sockets on TCP, for publishing
// and subscribing: versions 1.0 (libzmq 2), 2.0 (libzmq 3), 3.0 and 3.1 (libzmq 4), the
// NULL mechanism, the socket types PUB and SUB.
//
// A Conn is a connection after its handshake. A subscriber reads messages from it. A
// Publisher serves connections that subscribe. The package neither listens nor dials.
// An error of writing does not end a connection: what the peer sent before it closed
// the connection is read to its end.
//
// Memory grows with the bytes received, not with announced lengths, up to MaxMessage,
// and up to Memory for all connections together.
//
// Deliberately absent: CURVE, PLAIN and GSSAPI, other socket types, and sending
// heartbeats (those of peers are answered).
package zmtp

import (
	"bufio"
	"net"
	"time"

	"carbon/receive/memory"
)

// Type is the type of a socket.
type Type byte

// Socket types, by their numbers in ZMTP 2.0. The X types of peers use the same
// protocol.
const (
	Pub  Type = 1
	Sub  Type = 2
	XPub Type = 9
	XSub Type = 10
)

// names are the names of types in ZMTP 3.
var names = map[string]Type{"PUB": Pub, "SUB": Sub, "XPUB": XPub, "XSUB": XSub}

// fits reports whether a socket can be connected with a peer of that type.
func (t Type) fits(peer Type) bool {
	if t == Pub {
		return peer == Sub || peer == XSub
	}
	return peer == Pub || peer == XPub
}

// version is the version of a connection, which the handshake negotiates.
type version byte

const (
	v1  version = iota // ZMTP 1.0
	v2                 // ZMTP 2.0
	v30                // ZMTP 3.0: subscriptions are messages
	v31                // ZMTP 3.1: subscriptions are commands
)

// Error reports that a peer has violated the protocol or a limit. The connection cannot
// be used any more.
type Error struct {
	Reason string // one of the constants below
}

func (e *Error) Error() string { return "zmtp: " + e.Reason }

// Reasons of errors.
const (
	BadGreeting   = "greeting"         // not a greeting of ZeroMQ
	BadMechanism  = "mechanism"        // not NULL
	BadType       = "socket type"      // neither publishes nor subscribes, as needed
	BadFrame      = "frame"            // invalid header of a frame
	BadCommand    = "command"          // invalid or unexpected command
	PeerError     = "refused by peer"  // the peer sent ERROR
	TooLong       = "message too long" // over MaxMessage
	TooMany       = "too many frames"  // in one message
	OutOfMemory   = "out of memory"    // over Memory
	TooSlow       = "handshake late"   // over HandshakeTime
	Subscriptions = "subscriptions"    // too many of them
)

func bad(reason string) error { return &Error{reason} }

// Options of connections.
type Options struct {
	// MaxMessage is the maximum message in bytes, with all its frames; 0 means
	// DefaultMaxMessage.
	MaxMessage int

	// Memory bounds the unfinished messages of all connections that share it; nil:
	// they are not bounded.
	Memory *memory.Pool

	// HandshakeTime bounds the handshake; 0 means 10 s.
	HandshakeTime time.Duration
}

// DefaultMaxMessage is the default of Options.MaxMessage.
const DefaultMaxMessage = 1 << 20

const (
	defaultHandshakeTime = 10 * time.Second

	// maxFrames is the maximum number of frames of a message.
	maxFrames = 1024

	// maxCommand is the maximum command in bytes. That of the handshake may contain
	// properties of applications.
	maxCommand = 8 << 10

	// bufferSize is the size of the read buffer of a connection.
	bufferSize = 8 << 10

	// writeTime bounds the writing of what a subscriber sends.
	writeTime = 10 * time.Second
)

func (o Options) withDefaults() Options {
	if o.MaxMessage <= 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	if o.HandshakeTime <= 0 {
		o.HandshakeTime = defaultHandshakeTime
	}
	return o
}

// Conn is a connection after its handshake. One goroutine reads it.
type Conn struct {
	net  net.Conn
	r    *bufio.Reader
	o    Options
	self Type
	v    version

	body  []byte        // of a message that does not fit r's buffer
	list  [][]byte      // its frames, as ReadMessage has returned them
	sizes []int         // and their lengths
	claim *memory.Claim // for body; nil: its size is not bounded

	pong       func(frame []byte) // sends the answer to a PING
	unwritable bool               // a write has failed
}

// send writes for at most writeTime. It ignores errors: the peer may have closed the
// connection, and what it sent before is still to be read.
func (c *Conn) send(b []byte) {
	if c.unwritable {
		return
	}
	c.net.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := c.net.Write(b)
	c.unwritable = err != nil
}
