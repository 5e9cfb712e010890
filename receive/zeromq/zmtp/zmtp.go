// Package zmtp speaks what ZeroMQ's sockets speak on TCP, as far as publishing and
// subscribing need it: ZMTP 1.0 (libzmq 2), 2.0 (libzmq 3) and 3.0 and 3.1
// (libzmq 4), the NULL mechanism, the socket types PUB and SUB.
//
// A Conn is one connection after its Handshake. A subscriber reads messages from
// it; a Publisher serves any number of connections that subscribe. Neither
// listens nor dials. What is sent is best effort while there may be something to
// read: a peer that wrote and left is read to its end.
//
// No length that a peer announces makes memory be reserved; it grows with what
// has come, up to MaxMessage, and for all connections together up to Memory.
//
// Deliberately absent: CURVE, PLAIN and GSSAPI, other socket types, heartbeats of
// our own (those of peers are answered).
package zmtp

import (
	"bufio"
	"net"
	"time"

	"carbon/receive/memory"
)

// Type is what a socket is.
type Type byte

// The types that publish and subscribe, by their number in ZMTP 2.0. A peer may
// be of the X types, which speak the same.
const (
	Pub  Type = 1
	Sub  Type = 2
	XPub Type = 9
	XSub Type = 10
)

// names are the types' names in ZMTP 3.
var names = map[string]Type{"PUB": Pub, "SUB": Sub, "XPUB": XPub, "XSUB": XSub}

// fits tells whether a socket may be connected with a peer of that type.
func (t Type) fits(peer Type) bool {
	if t == Pub {
		return peer == Sub || peer == XSub
	}
	return peer == Pub || peer == XPub
}

// version is how a connection is spoken, as agreed in the handshake.
type version byte

const (
	v1  version = iota // ZMTP 1.0
	v2                 // ZMTP 2.0
	v30                // ZMTP 3.0: subscriptions are messages
	v31                // ZMTP 3.1: subscriptions are commands
)

// Error is what a peer did against the protocol or over a limit. The connection
// cannot be used further.
type Error struct {
	Reason string // one of the constants below
}

func (e *Error) Error() string { return "zmtp: " + e.Reason }

// Reasons of errors. They are constant words, fit to label a counter.
const (
	BadGreeting   = "greeting"         // not ZeroMQ, or what was none of its versions
	BadMechanism  = "mechanism"        // another than NULL
	BadType       = "socket type"      // neither publishes nor subscribes, as we need it
	BadFrame      = "frame"            // a frame that cannot be
	BadCommand    = "command"          // a command that cannot be read
	PeerError     = "refused by peer"  // it sent ERROR
	TooLong       = "message too long" // over MaxMessage
	TooMany       = "too many frames"  // of one message
	Crowded       = "out of memory"    // over Memory
	TooSlow       = "handshake late"   // not done in HandshakeTime
	Subscriptions = "subscriptions"    // more of them than a peer may have
)

func bad(reason string) error { return &Error{reason} }

// Options of connections. Zero means the default.
type Options struct {
	// MaxMessage is the limit of a message in bytes, all its frames together;
	// 0 means DefaultMaxMessage.
	MaxMessage int

	// Memory bounds the unfinished messages of all connections that share it; nil:
	// they are not bounded.
	Memory *memory.Pool

	// HandshakeTime is how long a peer may take to say what it is; 0 means 10 s.
	HandshakeTime time.Duration
}

// DefaultMaxMessage is the default of Options.MaxMessage.
const DefaultMaxMessage = 1 << 20

const (
	defaultHandshakeTime = 10 * time.Second

	// maxFrames is how many frames a message may have.
	maxFrames = 1024

	// maxCommand bounds a command, and a handshake's: properties of applications
	// may stand in it.
	maxCommand = 8 << 10

	// bufferSize is what a connection reads at once.
	bufferSize = 8 << 10

	// writeTime is how long what a subscriber sends may wait for the peer to take it.
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

// Conn is a connection on which both sides have said what they are. It is read by
// one goroutine.
type Conn struct {
	net  net.Conn
	r    *bufio.Reader
	o    Options
	self Type
	v    version

	body  []byte        // of a message that does not fit the reader's buffer
	list  [][]byte      // its frames, as ReadMessage returned them
	sizes []int         // and how long they are
	claim *memory.Claim // for body; nil: its size is not bounded

	pong func(frame []byte) // sends the answer to a PING
	deaf bool               // the peer takes nothing any more
}

// send writes at once, for at most writeTime. What cannot be written is let be:
// the peer may have left, and what it wrote before is still to be read.
func (c *Conn) send(b []byte) {
	if c.deaf {
		return
	}
	c.net.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := c.net.Write(b)
	c.deaf = err != nil
}
