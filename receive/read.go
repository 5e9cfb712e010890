package receive

import "io"

// maxIdleReads is how many reads in a row may return nothing.
const maxIdleReads = 100

// ReadAll calls read whenever there is something to read, until read returns an
// error. read calls s.Read once, and returns its number of bytes and its error.
// ReadAll returns nil at io.EOF.
func ReadAll(s Stream, read func() (n int, err error)) error {
	for idle := 0; ; idle++ {
		if idle == maxIdleReads {
			return io.ErrNoProgress
		}
		if err := s.Wait(); err != nil {
			return err
		}
		n, err := read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if n > 0 {
			idle = -1
		}
	}
}
