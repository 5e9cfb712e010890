//go:build linux

package clients

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"carbon/test/launch"
)

// need runs a command of a program that scripts/install-test-parts installs. If that
// fails the test is skipped; with CI=true it fails.
func need(t *testing.T, command string, args ...string) {
	t.Helper()
	out, err := exec.Command(command, args...).CombinedOutput()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s %q: %v\n%s", command, args, err, out)
	}
	t.Skipf("%s %q: %v", command, args, err)
}

// needPython is need for a module of Debian's Python.
func needPython(t *testing.T, module string) {
	t.Helper()
	need(t, python, "-c", "import "+module)
}

const python = "/usr/bin/python3"

// program is a running client.
type program struct {
	*launch.Process
	t  *testing.T
	in io.Writer // its standard input
}

// run starts a program. It is killed when the test ends.
func run(t *testing.T, command string, args ...string) *program {
	t.Helper()
	cmd := exec.Command(command, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := launch.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	p.EndWith(t)
	return &program{p, t, in}
}

// script runs a Python script of testdata.
func script(t *testing.T, name string, args ...string) *program {
	t.Helper()
	return run(t, python, append([]string{filepath.Join("testdata", name)}, args...)...)
}

// wait wants the program to end with exit code 0.
func (p *program) wait() {
	p.t.Helper()
	if err := p.Wait(launch.Patience); err != nil {
		p.t.Fatal(err)
	}
}

// say writes a line to the program.
func (p *program) say(format string, args ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		p.t.Fatal(err)
	}
}

// freePort is a port of loopback on which nothing listens at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	addrs, err := launch.FreeAddrs(1)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addrs[0])
	return port
}

// awaitPort waits until a program listens on a port of loopback.
func awaitPort(t *testing.T, what, port string) {
	t.Helper()
	launch.Until(t, what+" listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}
