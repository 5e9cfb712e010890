package zmtp

// readCommand splits the body of a command.
func readCommand(body []byte) (name, data []byte, ok bool) {
	if len(body) == 0 || len(body)-1 < int(body[0]) {
		return nil, nil, false
	}
	n := 1 + int(body[0])
	return body[1:n], body[n:], true
}

// command returns a command frame of ZMTP 3.
func command(name string, data []byte) []byte {
	body := append([]byte{byte(len(name))}, name...)
	return appendFrame(nil, v30, flagCommand, append(body, data...))
}

// readCommand reads the body of a command. It answers PING, and calls each, if it is
// not nil, with other commands.
func (c *Conn) readCommand(h header, each func(name, data []byte) error) error {
	if h.length > maxCommand {
		return bad(BadCommand)
	}
	body, err := c.take(int(h.length))
	if err != nil {
		return err
	}
	name, data, ok := readCommand(body)
	switch {
	case !ok:
		return bad(BadCommand)
	case string(name) == "ERROR":
		return bad(PeerError)
	case string(name) == "PING":
		// Two bytes are the time that the peer waits. The answer repeats the rest.
		const ttl, maxContext = 2, 16
		if len(data) < ttl || len(data) > ttl+maxContext {
			return bad(BadCommand)
		}
		c.pong(command("PONG", data[ttl:]))
		return nil
	case each != nil:
		return each(name, data)
	}
	return nil
}
