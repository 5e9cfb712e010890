package zmtp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"time"
)

// signature begins the greeting since ZMTP 2.0. For a peer of ZMTP 1.0 it is the frame
// of an anonymous identity, with a long length and an unusual flag.
var signature = []byte{0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F}

const (
	revision2 = 1 // that of libzmq 3; 0 and 2 are the same protocol
	revision3 = 3

	// A greeting of ZMTP 3 has signature, revision, minor, mechanism, as-server and a
	// filler.
	mechanismSize = 20
	fillerSize    = 31
)

// Handshake exchanges greetings as a socket of type self, Pub or Sub. It closes nc if
// that takes longer than HandshakeTime. The error is an *Error or that of reading.
func Handshake(nc net.Conn, self Type, o Options) (*Conn, error) {
	o = o.withDefaults()
	c := &Conn{net: nc, r: bufio.NewReaderSize(nc, bufferSize), o: o, self: self}
	c.pong = c.send
	if o.Memory != nil {
		c.claim = o.Memory.Claim(nc)
	}
	late := time.AfterFunc(o.HandshakeTime, func() { nc.Close() })
	err := c.greet()
	if !late.Stop() {
		return nil, bad(TooSlow)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// greet finds out the version of the peer and completes its handshake.
func (c *Conn) greet() error {
	c.send(signature)
	first, err := c.r.ReadByte()
	if err != nil {
		return err
	}
	if first != 0xFF {
		// The length of an identity frame of ZMTP 1.0: flags and identity.
		flags, err := c.r.ReadByte()
		if err != nil {
			return err
		}
		return c.identity1(uint64(first), flags)
	}
	rest, err := c.take(len(signature) - 1)
	if err != nil {
		return err
	}
	if flags := rest[8]; flags&1 == 0 {
		return c.identity1(binary.BigEndian.Uint64(rest), flags)
	}
	c.send([]byte{revision3})
	revision, err := c.r.ReadByte()
	if err != nil {
		return err
	}
	if revision < revision3 {
		return c.greet2()
	}
	return c.greet3()
}

// identity1 skips the identity of a peer of ZMTP 1.0. Its socket type is not known.
func (c *Conn) identity1(length uint64, flags byte) error {
	const maxIdentity = 1 + 255
	// The flags show a web browser, which would wait for an answer.
	if length == 0 || length > maxIdentity || flags != 0 {
		return bad(BadGreeting)
	}
	c.v = v1
	_, err := c.take(int(length) - 1)
	return err
}

// greet2 exchanges socket types and identities as ZMTP 2.0 does.
func (c *Conn) greet2() error {
	c.v = v2
	c.send([]byte{byte(c.self), 0, 0})
	peer, err := c.r.ReadByte()
	if err != nil {
		return err
	}
	if !c.self.fits(Type(peer)) {
		return bad(BadType)
	}
	identity, err := c.header()
	if err != nil {
		return err
	}
	if identity.length > 255 {
		return bad(BadGreeting)
	}
	_, err = c.take(int(identity.length))
	return err
}

// greet3 exchanges mechanisms and, with the command READY, socket types.
func (c *Conn) greet3() error {
	mechanism := make([]byte, mechanismSize+1+fillerSize)
	copy(mechanism, "NULL")
	c.send(append([]byte{1}, mechanism...)) // minor 1

	minor, err := c.r.ReadByte()
	if err != nil {
		return err
	}
	c.v = v30
	if minor >= 1 {
		c.v = v31
	}
	theirs, err := c.take(len(mechanism))
	if err != nil {
		return err
	}
	if !bytes.Equal(theirs[:mechanismSize], mechanism[:mechanismSize]) {
		return bad(BadMechanism)
	}
	name := "PUB"
	if c.self == Sub {
		name = "SUB"
	}
	c.send(command("READY", property("Socket-Type", name)))

	h, err := c.header()
	if err != nil {
		return err
	}
	if !h.command || h.length > maxCommand {
		return bad(BadCommand)
	}
	body, err := c.take(int(h.length))
	if err != nil {
		return err
	}
	word, data, ok := readCommand(body)
	switch {
	case !ok:
		return bad(BadCommand)
	case string(word) == "ERROR":
		return bad(PeerError)
	case string(word) != "READY":
		return bad(BadCommand)
	}
	peer, ok := socketType(data)
	switch {
	case !ok:
		return bad(BadCommand)
	case !c.self.fits(peer):
		return bad(BadType)
	}
	return nil
}

// property returns a property of READY.
func property(name, value string) []byte {
	b := append([]byte{byte(len(name))}, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

// socketType returns the peer's type from its properties, whose names are not
// case-sensitive. An unknown type is 0.
func socketType(properties []byte) (t Type, ok bool) {
	for len(properties) > 0 {
		length := int(properties[0])
		if len(properties) < 1+length+4 {
			return 0, false
		}
		name := properties[1 : 1+length]
		properties = properties[1+length:]
		size := binary.BigEndian.Uint32(properties)
		properties = properties[4:]
		if uint64(size) > uint64(len(properties)) {
			return 0, false
		}
		if bytes.EqualFold(name, []byte("Socket-Type")) {
			t = names[string(properties[:size])]
		}
		properties = properties[size:]
	}
	return t, true
}

// take reads n bytes, at most bufferSize, which are valid until the next read. The
// error is io.ErrUnexpectedEOF if the stream ends before.
func (c *Conn) take(n int) ([]byte, error) {
	b, err := c.r.Peek(n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	c.r.Discard(n)
	return b, nil
}
