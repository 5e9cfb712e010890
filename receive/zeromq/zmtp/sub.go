package zmtp

// Subscribe asks a publisher for the messages whose first frame begins with topic. An
// empty topic means all. A publisher of ZMTP 1.0 always sends all.
func (c *Conn) Subscribe(topic string) {
	if c.v == v31 {
		c.send(command("SUBSCRIBE", []byte(topic)))
		return
	}
	c.send(appendFrame(nil, c.v, 0, append([]byte{1}, topic...)))
}

// ReadMessage returns the frames of a publisher's next message, which are valid until
// the next call. The error is io.EOF if the peer has closed the connection,
// io.ErrUnexpectedEOF if it did so within a message, an *Error, or that of reading.
func (c *Conn) ReadMessage() ([][]byte, error) { return c.readMessage(nil) }
