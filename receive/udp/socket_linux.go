package udp

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// atOnce is how many datagrams are read with one system call.
const atOnce = 64

// reader reads many datagrams with one system call (recvmmsg).
type reader struct {
	raw      syscall.RawConn
	messages []message
	views    [][]byte
	buffers  [][]byte
}

// message is the kernel's struct mmsghdr.
type message struct {
	header unix.Msghdr
	length uint32
	_      [4]byte
}

func newReader(conn *net.UDPConn) (*reader, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	r := &reader{raw: raw, messages: make([]message, atOnce), buffers: make([][]byte, atOnce), views: make([][]byte, 0, atOnce)}
	vectors := make([]unix.Iovec, atOnce)
	for i := range r.messages {
		r.buffers[i] = make([]byte, maxDatagram) // the kernel gives pages to those that are used
		vectors[i].Base = &r.buffers[i][0]
		vectors[i].SetLen(maxDatagram)
		r.messages[i].header.Iov = &vectors[i]
		r.messages[i].header.SetIovlen(1)
	}
	return r, nil
}

// read waits for datagrams and gives those that are there to take, which does not
// keep them.
func (r *reader) read(take func([][]byte)) (n int, err error) {
	return r.readBy(r.raw.Read, take)
}

// rest is read without waiting; 0 says that there was nothing.
func (r *reader) rest(take func([][]byte)) (n int) {
	n, _ = r.readBy(func(once func(fd uintptr) bool) error {
		return r.raw.Control(func(fd uintptr) { once(fd) })
	}, take)
	return n
}

func (r *reader) readBy(by func(func(fd uintptr) (done bool)) error, take func([][]byte)) (n int, err error) {
	waitErr := by(func(fd uintptr) (done bool) {
		got, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.messages[0])), atOnce, 0, 0, 0)
		switch errno {
		case 0:
			n = int(got)
		case unix.EAGAIN:
			return false
		case unix.EINTR:
		default:
			err = errno
		}
		return true
	})
	if waitErr != nil {
		return 0, waitErr
	}
	if n > 0 {
		r.views = r.views[:0]
		for i := range n {
			r.views = append(r.views, r.buffers[i][:r.messages[i].length])
		}
		take(r.views)
	}
	return n, err
}

// setBuffer asks the kernel to hold so many bytes. Only the superuser gets more
// than net.core.rmem_max says.
func setBuffer(conn *net.UDPConn, size int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, size) != nil {
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, size)
		}
	})
}

// drops is how many datagrams the kernel has dropped.
func drops(conn *net.UDPConn) (n uint32, ok bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, false
	}
	raw.Control(func(fd uintptr) {
		var info [unix.SK_MEMINFO_VARS]uint32
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		n, ok = info[unix.SK_MEMINFO_DROPS], errno == 0
	})
	return n, ok
}
