package redis

import (
	"strconv"
	"time"
)

// alive is the key that a server keeps for as long as it lives.
func (w *Worker) alive(id string) string { return w.o.List + ":alive:" + id }

// signOn says that this server has a processing list, and lives.
func (w *Worker) signOn(c *client) error {
	if _, err := c.do("SADD", w.servers, w.o.ID); err != nil {
		return err
	}
	_, err := c.do("SETEX", w.alive(w.o.ID), strconv.Itoa(int(lease/time.Second)), "1")
	return err
}

// beat says so again and again, by a connection of its own: taking elements may
// wait for long while the server cannot store.
func (w *Worker) beat(c *client) error {
	for {
		if err := w.signOn(c); err != nil {
			return err
		}
		select {
		case <-w.stopping.Done():
			return nil
		case <-time.After(beat):
		}
	}
}

// adopt moves what servers left that do not live any more to this server's list,
// and stores it. Two that do so at once get each a part.
func (s *session) adopt() error {
	list, err := s.do("SMEMBERS", s.servers)
	if err != nil {
		return err
	}
	var ids []string
	for range list.n {
		re, err := s.read()
		if err != nil {
			return err
		}
		if re.text != "" && re.text != s.o.ID {
			ids = append(ids, re.text)
		}
	}
	for _, id := range ids {
		lives, err := s.do("EXISTS", s.alive(id))
		if err != nil {
			return err
		}
		if lives.n == 1 {
			continue
		}
		theirs := s.servers + ":" + id
		left, err := s.do("LLEN", theirs)
		if err != nil {
			return err
		}
		if left.n > 0 {
			s.log.Warn("taking over what another server left", "server", id, "elements", left.n)
		}
		for range left.n {
			if _, err := s.do("RPOPLPUSH", theirs, s.processing); err != nil {
				return err
			}
		}
		if err := s.takeUp(); err != nil {
			return err
		}
		if left, err = s.do("LLEN", theirs); err != nil {
			return err
		}
		if left.n == 0 {
			if _, err := s.do("SREM", s.servers, id); err != nil {
				return err
			}
		}
	}
	return nil
}
