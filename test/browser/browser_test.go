//go:build linux

package browser

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"carbon/test/launch"
	"carbon/web"
)

// longest bounds the time of a script.
const longest = 5 * time.Minute

// carbon is the path of the server's binary.
var carbon string

func TestMain(m *testing.M) { os.Exit(launch.Main(m, &carbon)) }

// TestUserInterface runs the tests of web/ui.
func TestUserInterface(t *testing.T) {
	need(t)
	url, line := start(t)
	node(t, url, line, "--test", "--test-concurrency=1", "--test-reporter=spec", "test/unit.test.mjs", "test/ui.test.mjs")
}

// TestScreenshots writes pictures of all pages into the directory SCREENSHOTS. `make
// screenshots` runs it.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		t.Skip("SCREENSHOTS is not set")
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

// need checks for node, for what `make ui` builds and installs, and for a browser.
// Without them the test is skipped; with CI=true it fails.
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
		missing("the user interface is not built: make ui builds it")
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

// start starts a server without data. It is killed when the test ends.
func start(t *testing.T) (url, line string) {
	t.Helper()
	site, err := launch.NewSite(carbon, t.TempDir(), "10s:1d")
	if err != nil {
		t.Fatal(err)
	}
	site.Flags = []string{"--log-level", "warn"}
	s, err := site.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.EndWith(t)
	return s.URL(""), s.Line()
}
