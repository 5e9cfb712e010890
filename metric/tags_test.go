package metric

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTagExprErrorIsShort(t *testing.T) {
	long := strings.Repeat("ü", 1<<20)
	if got := (&TagExprError{Expr: long, Reason: long}).Error(); len(got) > 1500 || !utf8.ValidString(got) {
		t.Errorf("the message has %d bytes, want at most 1500 of valid UTF-8", len(got))
	}
}
