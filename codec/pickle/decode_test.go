package pickle

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// show returns String without spaces between elements.
func show(d *Decoder, v Value) string {
	return strings.NewReplacer(", ", ",", ": ", ",").Replace(d.String(v))
}

func TestDecode(t *testing.T) {
	var d Decoder
	f := func(pickle, want string) {
		t.Helper()
		v, err := d.Decode([]byte(pickle))
		if err != nil {
			t.Errorf("%q: %v", pickle, err)
		} else if got := show(&d, v); got != want {
			t.Errorf("%q:\n got %s\nwant %s", pickle, got, want)
		}
	}
	// Numbers.
	f("I42\n.", "42")
	f("I01\n.", "1")
	f("I-7\n.", "-7")
	f("L123456789012345678901234567890L\n.", "1.2345678901234568e+29")
	f("L5\n.", "5")
	f("L"+strings.Repeat("9", 400)+"L\n.", "None")
	f("F1.5e3\n.", "1500")
	f("Finf\n.", "+Inf")
	f("J\xff\xff\xff\xff.", "-1")
	f("M\xff\xff.", "65535")
	f("\x8a\x00.", "0")
	f("\x8a\x01\xff.", "-1")
	f("\x8a\x05\x00\x00\x00\x00\x01.", "4.294967296e+09")
	f("\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\xff.", "-1.8446744073709552e+19")
	f("\x8b\x02\x00\x00\x00\x00\x01.", "256")
	f("\x8a\xff"+strings.Repeat("\x7f", 255)+".", "None")
	f("G\x3f\xf8\x00\x00\x00\x00\x00\x00.", "1.5")
	f("(N\x88\x89t.", "(None,1,0)")
	// Texts.
	f("S'a\\x41\\n\\'\\\\\\101\\q\"'\n.", `"aA\n'\\A\\q\""`)
	f("S\"it's\"  \n.", `"it's"`)
	f("S'\\xc3\\xbc'\n.", `"ü"`)
	f("V\\u00fcb\\u005c\\\\u0041\xfc\n.", `"üb\\\\\\u0041ü"`)
	f("V\\ud83d\\ude00\\U0001f600\n.", `"😀😀"`)
	f("V\\ud83dx\n.", `"\xffx"`)
	f("X\x02\x00\x00\x00\xc3\xbc.", `"ü"`)
	f("(U\x01aT\x01\x00\x00\x00bC\x01cB\x01\x00\x00\x00d\x8c\x01e\x8d\x01\x00\x00\x00\x00\x00\x00\x00f\x8e\x01\x00\x00\x00\x00\x00\x00\x00gt.", `("a","b","c","d","e","f","g")`)
	// Containers.
	f("]K\x01a(K\x02K\x03e.", "[1,2,3]")
	f("(K\x01K\x02l.", "[1,2]")
	f("(K\x01\x85K\x02K\x03\x86K\x04K\x05K\x06\x87)t.", "((1),(2,3),(4,5,6),())")
	f("}K\x01K\x02s(K\x03K\x04u.", "{1,2,3,4}")
	f("(K\x01K\x02d.", "{1,2}")
	f("\x8f(K\x01K\x02\x90.", "{1,2}")
	f("(K\x01K\x02\x91.", "{1,2}")
	f("\x80\x05\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94h\x000]\x94h\x00.", "[]")
	// The memo refers to lists; it does not copy their elements.
	f("(]q\x00K\x01h\x00t.", "([],1,[])")
	f("(]p7\nK\x01ag7\nt.", "([1],[1])")
	f("K\x05q\x02K\x06(K\x07h\x021.", "6")
	f("K\x0520.", "5")
	f("K\x05.K\x06cos\nsystem\n", "5")
}

func TestDecodeErrors(t *testing.T) {
	var d Decoder
	f := func(pickle string, want error) {
		t.Helper()
		if v, err := d.Decode([]byte(pickle)); !errors.Is(err, want) {
			t.Errorf("%q: got %s and error %v, want %v", pickle, show(&d, v), err, want)
		}
	}
	for _, op := range []byte("cRbioPQ\x81\x82\x83\x84\x92\x93\x96\x97\x98") {
		f(")"+string([]byte{op})+"os\nsystem\n.", ErrUnsafe)
	}
	for _, p := range []string{
		"", ".", "I", "I5", "I\n.", "Ix\n.", "I0x5\n.", "I5_0\n.", "L\n.", "F\n.", "F0x1p4\n.", "J\x00\x00\x00.", "G\x00.", "K", "M\x01",
		"\x8a\x05.", "\x8b\xff\xff\xff\xff.", "X\xff\xff\xff\x7f.", "\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "\x8e\xff\xff\xff\xff\xff\xff\xff\xff.",
		"U\x05ab.", "S'a\n.", "Sa\n.", "S'\\x4'\n.", "Va\\u00\n.", "V\\U00110000\n.",
		"0.", "2.", "1.", "t.", "e.", "a.", "K\x01a.", "K\x01K\x02a.", "}K\x01a.", "]K\x01K\x02s.", "}K\x01s.", "}(K\x01u.", "(K\x01d.", "\x85.", "K\x01\x86.", "(\x85.",
		"q\x00.", "h\x00.", "K\x01q\x01h\x00.", "K\x01r\xff\xff\xff\xff.", "K\x01p99999999999999999999\n.", "K\x01p\n.", "gx\n.", "(q\x00.", "\x94.",
		"\x80\x06.", "\x95\xff\x00\x00\x00\x00\x00\x00\x00.", "\xff.", "\x00.", "K\x01(.",
	} {
		f(p, ErrMalformed)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	// A megabyte of each opcode that makes values without data in the pickle.
	for _, op := range []string{"(", "]", ")", "}", "N", "2", "\x94", "]\x94", "(t", "\x85", "]2a", "]q\x002a"} {
		var d Decoder
		pickle := []byte("N" + strings.Repeat(op, 1<<20/len(op)))
		d.Decode(pickle)
		room := 16*(cap(d.stack)+cap(d.memo)+cap(d.tuples)) + 8*cap(d.marks) + 24*cap(d.lists)
		for _, l := range d.lists[:cap(d.lists)] {
			room += 16 * cap(l)
		}
		if room > 60<<20 {
			t.Errorf("%q: %d MiB", op, room>>20)
		}
		d.Decode([]byte("N."))
		if cap(d.stack)+cap(d.lists)+cap(d.memo)+cap(d.tuples) > 8*keptValues {
			t.Errorf("%q: memory is kept", op)
		}
	}
}

// TestPythonWrites decodes pickles that Python writes, in all its protocols.
func TestPythonWrites(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	const script = `
import pickle, sys
shared = ['x', 1]
v = [('größe', (1700000000, 1.5)), (2**40, -3, 2**70, -2**70, True, None), {'k': [shared, shared]}, '\\u0041\n\'"😀', 1e-300, 'x' * 300, list(range(2000))]
for protocol in range(6):
    sys.stdout.write(pickle.dumps(v, protocol).hex() + '\n')
`
	out, err := exec.Command(python, "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	var numbers []string
	for i := range 2000 {
		numbers = append(numbers, strconv.FormatFloat(float64(i), 'g', -1, 64))
	}
	want := `[("größe",(1.7e+09,1.5)),(1.099511627776e+12,-3,1.1805916207174113e+21,-1.1805916207174113e+21,1,None),{"k",[["x",1],["x",1]]},` +
		`"\\u0041\n'\"😀",1e-300,"` + strings.Repeat("x", 300) + `",[` + strings.Join(numbers, ",") + "]]"
	var d Decoder
	for protocol, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		b := make([]byte, len(line)/2)
		for i := range b {
			c, _ := strconv.ParseUint(line[2*i:2*i+2], 16, 8)
			b[i] = byte(c)
		}
		v, err := d.Decode(b)
		if err != nil {
			t.Errorf("protocol %d: %v", protocol, err)
		} else if got := show(&d, v); got != want {
			t.Errorf("protocol %d:\n got %s\nwant %s", protocol, got, want)
		}
	}
}

// decodeSlowly is Decode without quick.
func decodeSlowly(d *Decoder, data []byte) (Value, error) {
	for d.reset(data); d.at < len(data) && len(d.stack) <= d.most && len(d.memo) <= d.most && len(d.marks) <= d.most && len(d.lists) <= d.most; {
		op := data[d.at]
		d.at++
		if op == opStop && len(d.stack) > d.fence() {
			return d.stack[len(d.stack)-1], nil
		}
		if err := d.step(op); err != nil {
			return Value{}, err
		}
	}
	return Value{}, ErrMalformed
}

// FuzzDecode checks that decoding with and without quick agree, and that earlier pickles do not
// affect the result.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"(lp0\n(S'a'\n(I5\nF6.5\ntta.", "\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94h\x00.", "}(V\\u0041\nL5L\nu.", "cos\nsystem\n.", "\x8f(K\x01\x90.", "\x80\x02]q\x01(X\x01\x00\x00\x00aq\x02J\x00\x00\x00\x00G\x40\x45\x40\x00\x00\x00\x00\x00\x86q\x03\x86q\x04e."} {
		f.Add([]byte(s))
	}
	var used Decoder
	f.Fuzz(func(t *testing.T, data []byte) {
		var fresh Decoder
		v, err := fresh.Decode(data)
		again, errAgain := decodeSlowly(&used, data)
		if (err == nil) != (errAgain == nil) {
			t.Fatalf("%v, then %v", err, errAgain)
		}
		if err == nil && len(data) < 200 && !strings.ContainsAny(string(data), "2hgj") { // else it may be deep, or hold itself
			if a, b := fresh.String(v), used.String(again); a != b {
				t.Errorf("%s, then %s", a, b)
			}
		}
	})
}
