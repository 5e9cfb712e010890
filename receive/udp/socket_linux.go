package udp

import (
	"fmt"
	"net"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// atOnce is the maximum number of datagrams of one system call.
const atOnce = 64

// skew is added to the distance of the buffers, so that their beginnings are not in the
// same lines of the processor's caches.
const skew = 5 * 64

// reader reads many datagrams with one system call (recvmmsg). The runtime's poller
// does not know its socket: it would be woken for each datagram, also while nothing
// waits.
type reader struct {
	socket   int
	signal   int // an eventfd that ends waiting
	messages []message
	views    [][]byte
	buffers  [][]byte

	mu     sync.Mutex // guards closed, and socket in other methods than read
	closed bool
}

// message is the kernel's struct mmsghdr.
type message struct {
	header unix.Msghdr
	length uint32
	_      [4]byte
}

// newReader takes the socket of conn, and closes conn.
func newReader(conn *net.UDPConn) (*reader, error) {
	socket, err := duplicate(conn)
	conn.Close()
	if err != nil {
		return nil, err
	}
	signal, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(socket)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	r := &reader{
		socket: socket, signal: signal,
		messages: make([]message, atOnce), buffers: make([][]byte, atOnce), views: make([][]byte, 0, atOnce),
	}
	vectors := make([]unix.Iovec, atOnce)
	slab := make([]byte, atOnce*(maxDatagram+skew)) // unused pages take no memory
	for i := range r.messages {
		r.buffers[i] = slab[i*(maxDatagram+skew):][:maxDatagram:maxDatagram]
		vectors[i].Base = &r.buffers[i][0]
		vectors[i].SetLen(maxDatagram)
		r.messages[i].header.Iov = &vectors[i]
		r.messages[i].header.SetIovlen(1)
	}
	return r, nil
}

// duplicate duplicates the socket of a connection.
func duplicate(conn *net.UDPConn) (socket int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	if controlErr := raw.Control(func(fd uintptr) {
		socket, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	}); controlErr != nil {
		return 0, controlErr
	}
	return socket, err
}

// read calls take with the datagrams that have been received. take does not keep them.
// read waits for at most wait, or without bound if wait is negative. It returns 0 when
// it was interrupted or the time is up.
func (r *reader) read(wait time.Duration, take func([][]byte)) (n int, err error) {
	if r.gone() {
		return 0, net.ErrClosed
	}
	timeout := -1
	if wait >= 0 {
		timeout = int(wait.Milliseconds())
	}
	waiting := []unix.PollFd{{Fd: int32(r.socket), Events: unix.POLLIN}, {Fd: int32(r.signal), Events: unix.POLLIN}}
	if _, err := unix.Poll(waiting, timeout); err != nil {
		return 0, temporary(err)
	}
	if waiting[1].Revents != 0 {
		var count [8]byte
		unix.Read(r.signal, count[:])
	}
	got, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(r.socket), uintptr(unsafe.Pointer(&r.messages[0])), atOnce, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, temporary(errno)
	}
	r.views = r.views[:0]
	for i := range int(got) {
		r.views = append(r.views, r.buffers[i][:r.messages[i].length])
	}
	take(r.views)
	return int(got), nil
}

// temporary returns nil for an error that means that nothing was read.
func temporary(err error) error {
	if err == unix.EAGAIN || err == unix.EINTR {
		return nil
	}
	return err
}

// interrupt ends a read that waits, or the next one.
func (r *reader) interrupt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		unix.Write(r.signal, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

// gone reports whether the reader is closed: its descriptors may be other files now.
func (r *reader) gone() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// close closes the reader. It must not be called during a read.
func (r *reader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	unix.Close(r.signal)
	return unix.Close(r.socket)
}

// setBuffer asks the kernel for a buffer, and returns its size in bytes. Only the
// superuser gets more than net.core.rmem_max.
func (r *reader) setBuffer(size int) (got int) {
	if unix.SetsockoptInt(r.socket, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, size) != nil {
		unix.SetsockoptInt(r.socket, unix.SOL_SOCKET, unix.SO_RCVBUF, size)
	}
	got, _ = unix.GetsockoptInt(r.socket, unix.SOL_SOCKET, unix.SO_RCVBUF)
	return got
}

// drops returns how many datagrams the kernel has dropped.
func (r *reader) drops() (n uint32, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0, false
	}
	var info [unix.SK_MEMINFO_VARS]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(r.socket), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	return info[unix.SK_MEMINFO_DROPS], errno == 0
}
