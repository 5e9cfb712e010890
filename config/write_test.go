package config

import (
	"reflect"
	"strings"
	"testing"
)

// TestWriteCanBeRead checks that Load restores the configuration that Write wrote.
func TestWriteCanBeRead(t *testing.T) {
	print := func(c *Config) string {
		var b strings.Builder
		if err := c.Write(&b); err != nil {
			t.Fatal(err)
		}
		_, keys, _ := strings.Cut(b.String(), "\n\n") // cut the comments with the paths of files
		return keys
	}
	first := load(t, "", "statsd.histogram=a%: 1 2 | *: 3 inf", "statsd.deleteSets=no", "mmstats.SKIP=a\n\tb$", "http.SINK_TIMESTAMP=client")
	text := print(first)
	second := load(t, text)
	if again := print(second); again != text {
		t.Errorf("%s\nbecomes\n%s", text, again)
	}
	if !reflect.DeepEqual(first.Statsd, second.Statsd) || !reflect.DeepEqual(first.Mmstats, second.Mmstats) {
		t.Errorf("%+v\nbecomes\n%+v", first, second)
	}
}
