package zmtp

// Subscribe asks a publisher for the messages whose first frame begins with topic;
// an empty one asks for all. A publisher of ZMTP 1.0 sends all in any case.
func (c *Conn) Subscribe(topic string) {
	if c.v == v31 {
		c.send(command("SUBSCRIBE", []byte(topic)))
		return
	}
	c.send(appendFrame(nil, c.v, 0, append([]byte{1}, topic...)))
}

// ReadMessage returns the frames of a publisher's next message, good until the
// next call. The error is io.EOF when the peer is done, io.ErrUnexpectedEOF when
// it left within a message, an *Error, or that of reading.
func (c *Conn) ReadMessage() ([][]byte, error) { return c.readMessage(nil) }
