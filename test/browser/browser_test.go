//go:build linux

package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"carbon/web"
)

// patience bounds the wait for the server, and for all that scripts do.
const (
	patience = 60 * time.Second
	longest  = 5 * time.Minute
)

// TestUserInterface runs the tests of web/ui.
func TestUserInterface(t *testing.T) {
	need(t)
	url, line := start(t)
	node(t, url, line, "--test", "--test-concurrency=1", "--test-reporter=spec", "test/unit.test.mjs", "test/ui.test.mjs")
}

// TestScreenshots makes pictures of all pages in the folder SCREENSHOTS, which
// `make screenshots` names.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		t.Skip("no SCREENSHOTS, so nobody wants any")
	}
	need(t)
	url, line := start(t)
	node(t, url, line, "test/screenshots.mjs", folder)
}

// node runs a script of web/ui.
func node(t *testing.T, url, line string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir = "../../web/ui"
	cmd.Env = append(os.Environ(), "CARBON_URL="+url, "CARBON_LINE="+line)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// need wants what the tests need: node, what `make ui` builds and installs, and a
// browser. Without it they are skipped, except that with CI=true they fail.
func need(t *testing.T) {
	t.Helper()
	missing := func(what string) {
		t.Helper()
		if os.Getenv("CI") == "true" {
			t.Fatal(what)
		}
		t.Skip(what)
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing("no node: scripts/install-test-parts installs it")
	}
	if _, err := os.Stat("../../web/ui/node_modules/playwright-core"); err != nil {
		missing("no playwright-core: make ui installs it")
	}
	if app, err := web.ReadApp(); app == nil {
		missing("the user interface is not built, make ui does it")
	} else if err != nil {
		t.Fatal(err)
	}
	browser := os.Getenv("CHROMIUM")
	if browser == "" {
		browser = "/usr/bin/chromium"
	}
	if _, err := os.Stat(browser); err != nil {
		missing("no chromium: scripts/install-test-parts installs it")
	}
}

// start runs a server that holds nothing, until the test ends.
func start(t *testing.T) (url, line string) {
	t.Helper()
	dir := t.TempDir()
	binary, config, ports := filepath.Join(dir, "carbon"), filepath.Join(dir, "carbon.conf"), filepath.Join(dir, "ports")
	if out, err := exec.Command("go", "build", "-o", binary, "carbon/cmd/carbon").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	schemas := filepath.Join(dir, "schemas")
	if err := os.WriteFile(schemas, []byte("[own]\npattern = ^carbon\\.\nretentions = 60s:1d\n[all]\npattern = .*\nretentions = 10s:1d\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "serve", "--config", config, "--schemas", schemas, "--data", filepath.Join(dir, "data"),
		"--http", "127.0.0.1:0", "--line", "127.0.0.1:0", "--pickle", "off", "--log-level", "warn", "--ports-file", ports)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGKILL) // what it holds is not stored: nobody wants it
		cmd.Wait()
		if t.Failed() {
			t.Logf("the server logged:\n%s", log.Bytes())
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		var at struct{ HTTP, Line string }
		if text, err := os.ReadFile(ports); err == nil && json.Unmarshal(text, &at) == nil && at.HTTP != "" {
			return "http://" + at.HTTP, at.Line
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server does not start:\n%s", log.Bytes())
		}
	}
}
