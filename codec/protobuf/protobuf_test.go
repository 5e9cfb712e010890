package protobuf

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func TestAppend(t *testing.T) {
	f := func(got []byte, want string) {
		t.Helper()
		if hex := fmt.Sprintf("%x", got); hex != want {
			t.Errorf("%s, want %s", hex, want)
		}
	}
	// The examples of the encoding guide.
	f(AppendInt(nil, 1, 150), "089601")
	f(AppendString(nil, 2, "testing"), "120774657374696e67")
	f(AppendItem(nil, 3, AppendInt(nil, 1, 150)), "1a03089601")
	f(append(AppendSize(nil, 6, 6), 3, 0x8e, 2, 0x9e, 0xa7, 5), "3206038e029ea705")

	f(AppendInt(nil, 1, -2), "08feffffffffffffffff01")
	f(AppendInt(nil, 16, 1), "800101")
	f(AppendBool(nil, 2, true), "1001")
	f(AppendFloat(nil, 4, 0.5), "250000003f")
	f(AppendFloat(nil, 4, float32(math.Copysign(0, -1))), "2500000080")
	f(AppendItem(nil, 1, ""), "0a00")

	f(AppendInt(nil, 1, 0), "")
	f(AppendBool(nil, 1, false), "")
	f(AppendFloat(nil, 1, 0), "")
	f(AppendString(nil, 1, ""), "")
}

func TestNext(t *testing.T) {
	message := AppendInt(nil, 1, -5)
	message = AppendFloat(message, 2, 1)
	message = append(message, 3<<3|byte(protowire.Fixed64Type), 1, 2, 3, 4, 5, 6, 7, 8)
	message = AppendString(message, 4, "text")
	var read []string
	for len(message) > 0 {
		f, rest, err := Next(message)
		if err != nil {
			t.Fatal(err)
		}
		n, intErr := f.Int()
		b, bytesErr := f.Bytes()
		read = append(read, fmt.Sprintf("%d %d %t %s %t", f.Number, n, intErr == nil, b, bytesErr == nil))
		message = rest
	}
	want := []string{"1 -5 true  false", "2 0 false  false", "3 0 false  false", "4 0 false text true"}
	if fmt.Sprint(read) != fmt.Sprint(want) {
		t.Errorf("read %q, want %q", read, want)
	}
}

func TestNextMalformed(t *testing.T) {
	f := func(message string) {
		t.Helper()
		if _, _, err := Next([]byte(message)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v", message, err)
		}
	}
	f("")
	f("\x80")                                     // an unfinished tag
	f("\x08")                                     // no value
	f("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff") // an unfinished value
	f("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")
	f("\x00\x01")     // field 0
	f("\x0a")         // no size
	f("\x0a\x05abcd") // too few bytes
	f("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
	f("\x0d\x01\x02\x03")
	f("\x09\x01\x02\x03\x04\x05\x06\x07")
	f("\x0b\x0c") // a group
	f("\x0e")     // an unknown type
	f("\xf8\xff\xff\xff\xff\x01\x01")
}

// FuzzNext checks that reading ends, and that fields can be written and read again.
func FuzzNext(f *testing.F) {
	f.Add([]byte("\x08\x96\x01\x12\x07testing\x1a\x03\x08\x96\x01"))
	f.Add([]byte("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Add([]byte("\x0d\x01\x02\x03\x04\x09\x01\x02\x03\x04\x05\x06\x07\x08"))
	f.Fuzz(func(t *testing.T, message []byte) {
		for len(message) > 0 {
			field, rest, err := Next(message)
			if err != nil {
				return
			}
			if len(rest) >= len(message) {
				t.Fatalf("%d bytes left of %d", len(rest), len(message))
			}
			message = rest
			var again []byte
			if n, err := field.Int(); err == nil && n != 0 {
				again = AppendInt(nil, field.Number, n)
			} else if b, err := field.Bytes(); err == nil {
				again = AppendItem(nil, field.Number, b)
			} else {
				continue
			}
			same, left, err := Next(again)
			if err != nil || len(left) > 0 || same.Number != field.Number || same.number != field.number || !bytes.Equal(same.bytes, field.bytes) {
				t.Fatalf("%+v was written and read as %+v, %v", field, same, err)
			}
		}
	})
}
