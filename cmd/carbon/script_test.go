package main

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the command available to scripts as "carbon".
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"carbon": main})
}

// TestScripts runs the command lines of testdata/script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}

func TestRunUnknownCommand(t *testing.T) {
	p := program{os.Stdin, os.Stdout, os.Stderr, nil}
	if code := run(context.Background(), p, []string{"sing"}); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
}
