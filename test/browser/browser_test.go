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

// timeout is the maximum run time of a script.
const timeout = 5 * time.Minute

// carbon is the path of the server's binary.
var carbon string

func TestMain(m *testing.M) { os.Exit(launch.Main(m, &carbon)) }

// TestUserInterface runs the tests in web/ui/test.
func TestUserInterface(t *testing.T) {
	need(t)
	url, line := start(t)
	node(t, url, line, "--test", "--test-concurrency=1", "--test-reporter=spec", "test/unit.test.mjs", "test/ui.test.mjs")
}

// TestScreenshots writes screenshots of all pages to the directory in SCREENSHOTS. `make
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
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
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

// need skips the test if node, a browser, or the result of `make ui` is missing. With
// CI=true the test fails instead.
func need(t *testing.T) {
	t.Helper()
	missing := func(message string) {
		t.Helper()
		if os.Getenv("CI") == "true" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing("no node: scripts/install-test-parts installs it")
	}
	if _, err := os.Stat("../../web/ui/node_modules/playwright-core"); err != nil {
		missing("no playwright-core: make ui installs it")
	}
	if app, err := web.ReadApp(); err != nil {
		t.Fatal(err)
	} else if app == nil {
		missing("the user interface is not built: make ui builds it")
	}
	browser := os.Getenv("CHROMIUM")
	if browser == "" {
		browser = "/usr/bin/chromium"
	}
	if _, err := os.Stat(browser); err != nil {
		missing("no chromium: scripts/install-test-parts installs it")
	}
}

// start starts a server without data. The server is killed when the test ends.
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
