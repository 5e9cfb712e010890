package htpasswd

import (
	"context"
	"strings"
	"testing"
)

// What Apache's htpasswd, openssl passwd and Python's crypt make of passwords.
const users = `# comment

bcrypt:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a
md5:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/
long:$apr1$xy$JwrYybqtwe8EN7a8jVzqr0
sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
`

func TestCheck(t *testing.T) {
	f, err := Parse(strings.NewReader(users))
	if err != nil {
		t.Fatal(err)
	}
	check := func(name, password string, want bool) {
		t.Helper()
		for range 2 { // the second time it is remembered
			if got := f.Check(t.Context(), name, password); got != want {
				t.Errorf("%s %q: %v", name, password, got)
			}
		}
	}
	for _, name := range []string{"bcrypt", "md5", "sha"} {
		check(name, "secret", true)
		check(name, "Secret", false)
		check(name, "", false)
		check(name, strings.Repeat("x", 100), false)
	}
	check("long", "a much longer password than md5 takes at once", true)
	check("nobody", "secret", false)
	check("", "secret", false)

	done, cancel := context.WithCancel(t.Context())
	cancel()
	for range cap(f.slots) {
		f.slots <- struct{}{}
	}
	if f.Check(done, "md5", "another") {
		t.Error("right without being looked at")
	}
	if (*File)(nil).Check(t.Context(), "a", "b") {
		t.Error("nobody has a password")
	}
}

func TestParseRefuses(t *testing.T) {
	for _, bad := range []string{"a", ":x", "a:plain", "a:$1$abcdefgh$x", "a:{SHA}x", "a:$2y$99$x", "a:$apr1$x", "a:" + strings.Repeat("x", 5000)} {
		if _, err := Parse(strings.NewReader("ok:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n" + bad)); err == nil {
			t.Errorf("%.40q is taken", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(users)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "$2") {
			return // any cost may stand there
		}
		file, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		for name := range file.hashes {
			file.Check(t.Context(), name, "x")
		}
	})
}
