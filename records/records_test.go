package records

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func opened(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func record(t *testing.T, db *DB, second float64, what, tags string) int64 {
	t.Helper()
	id, err := db.Record(t.Context(), Event{When: time.UnixMicro(int64(second * 1e6)), What: what, Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestEvents(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "carbon.db"))
	record(t, db, 30, "third", "web db")
	record(t, db, 10, "first", "web deploy web")
	record(t, db, 20.5, "second", "deploy")
	record(t, db, 30, "fourth", "")
	f := func(from, until float64, anyTag bool, tags []string, want ...string) {
		t.Helper()
		events, err := db.Events(t.Context(), EventQuery{From: time.UnixMicro(int64(from * 1e6)), Until: time.UnixMicro(int64(until * 1e6)), Tags: tags, Any: anyTag})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range events {
			got = append(got, e.What)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v..%v %q %v: got %q, want %q", from, until, tags, anyTag, got, want)
		}
	}
	f(0, 99, false, nil, "first", "second", "third", "fourth")
	f(10, 20, false, nil, "first")
	f(20, 30, false, nil, "second", "third", "fourth")
	f(99, 0, false, nil)
	f(0, 99, false, []string{})
	f(0, 99, false, []string{""})
	f(0, 99, false, []string{"web"}, "first", "third")
	f(0, 99, false, []string{"web", "deploy"}, "first")
	f(0, 99, false, []string{"web", "nosuch", "web"}, "first", "third")
	f(0, 99, false, []string{"nosuch"})
	f(0, 99, false, []string{"WEB"})
	f(0, 99, true, []string{"deploy", "db"}, "first", "second", "third")
	f(0, 99, true, []string{"nosuch"})
}

func TestLatestEvents(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "carbon.db"))
	for i := range 5 {
		record(t, db, float64(10*i), strings.Repeat(string(rune('a'+i)), 1+i%2*maxText/2), "tag")
	}
	f := func(latest int, until int64, want string, wantErr error) {
		t.Helper()
		for _, tags := range [][]string{nil, {"tag"}} {
			events, err := db.Events(t.Context(), EventQuery{Until: time.Unix(until, 0), Tags: tags, Latest: latest})
			var got string
			for _, e := range events {
				got += e.What[:1]
			}
			if got != want || !errors.Is(err, wantErr) {
				t.Errorf("%d until %d: %q, %v, want %q, %v", latest, until, got, err, want, wantErr)
			}
		}
	}
	f(2, 10, "ab", nil)
	f(2, 20, "bc", nil)
	f(9, 99, "cde", nil) // the text limit admits one of the two long events
	f(0, 20, "abc", nil)
	f(0, 99, "", ErrTooMany)
}

func TestEventByID(t *testing.T) {
	path := filepath.Join(t.TempDir(), "100% & ?strange#.db")
	db := opened(t, path)
	want := Event{When: time.UnixMicro(1793664600_500000).UTC(), What: "ünïcode", Data: "€", Tags: "a b"}
	id, err := db.Record(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	want.ID = id
	if got, err := opened(t, path).Event(t.Context(), id); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := opened(t, path).Event(t.Context(), id+1); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v for an unknown event", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// TestCorruptFile checks that Open sets a corrupt file aside and creates a new one.
func TestCorruptFile(t *testing.T) {
	f := func(name string, damage func(t *testing.T, path string), aside bool) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "carbon.db")
			db := opened(t, path)
			for i := range 500 {
				record(t, db, float64(i), strings.Repeat("x", 100), "a b c")
			}
			db.Close()
			damage(t, path)
			var log bytes.Buffer
			db, err := Open(t.Context(), path, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			record(t, db, 1, "new", "")
			kept, _ := filepath.Glob(path + ".broken-*")
			if (len(kept) > 0) != aside || strings.Contains(log.String(), "set aside") != aside {
				t.Errorf("set aside %v, logged %q, want a file set aside: %v", kept, log.String(), aside)
			}
		})
	}
	write := func(at int64, text string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.WriteAt([]byte(text), at); err != nil {
				t.Fatal(err)
			}
			file.Close()
		}
	}
	f("sound", func(*testing.T, string) {}, false)
	f("not a database", write(0, "this is not a database"), true)
	f("overwritten pages", write(8192, strings.Repeat("nonsense", 4096)), true)
	f("truncated", func(_ *testing.T, path string) { os.Truncate(path, 10000) }, true)
	f("empty", func(_ *testing.T, path string) { os.Truncate(path, 0) }, false)
}

// TestFileRemoved checks that writing fails after the file was removed or replaced.
func TestFileRemoved(t *testing.T) {
	for _, replaced := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "carbon.db")
		db := opened(t, path)
		record(t, db, 1, "before", "")
		if err := os.Rename(path, path+".old"); err != nil {
			t.Fatal(err)
		}
		if replaced {
			opened(t, path)
		}
		if _, err := db.Record(t.Context(), Event{What: "after"}); err == nil {
			t.Errorf("replaced %v: Record succeeded, but the event is lost", replaced)
		}
	}
}

// TestFull checks that writing to a full database returns ErrFull until something is
// deleted.
func TestFull(t *testing.T) {
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "carbon.db"), Options{MaxSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	long := strings.Repeat("x", 10_000)
	if err := db.Save(t.Context(), Dashboard, "web", long); err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for {
		id, err := db.Record(t.Context(), Event{When: time.Unix(1, 0), What: long, Tags: "a b"})
		if errors.Is(err, ErrFull) {
			break
		}
		if err != nil || len(ids) > 200 {
			t.Fatalf("%d events, %v", len(ids), err)
		}
		ids = append(ids, id)
	}
	if _, err := db.Shorten(t.Context(), long); !errors.Is(err, ErrFull) {
		t.Errorf("link: %v", err)
	}
	if err := db.Save(t.Context(), Dashboard, "web", long+long); !errors.Is(err, ErrFull) {
		t.Errorf("dashboard: %v", err)
	}
	if v, err := db.Load(t.Context(), Dashboard, "web", 0); err != nil || v.State != long {
		t.Errorf("dashboard: %v", err)
	}
	file, err := os.Stat(db.path)
	if err != nil || file.Size() > 1<<20 {
		t.Errorf("%d bytes %v", file.Size(), err)
	}
	if n, err := db.DeleteEvents(t.Context(), append(ids[:10:10], 1e9)); n != 10 || err != nil {
		t.Errorf("%d events deleted, %v", n, err)
	}
	if err := db.Save(t.Context(), Dashboard, "web", long+long); err != nil {
		t.Error(err)
	}
	if events, err := db.Events(t.Context(), EventQuery{Until: time.Unix(9, 0), Tags: []string{"a"}}); len(events) != len(ids)-10 || err != nil {
		t.Errorf("%d events left, %v", len(events), err)
	}
}

func TestNewerVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "carbon.db")
	db := opened(t, path)
	if _, err := db.sql.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), "newer server") {
		t.Errorf("got %v for a database of a newer server", err)
	}
}

func TestSplitTags(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		if got := splitTags(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	f("")
	f("  ")
	f(" a  b ", "a", "b")
	f("a, b c", "a", "b c")
	f(`"a b" c`, "a b", "c")
	f(`"a, b" c d`, "a, b", "c", "d")
	f(`"a" b c, d`, "a", "b c", "d")
	f(`a "b c`, "a", "b", "c")
	f(`""`)
}

func FuzzSplitTags(f *testing.F) {
	for _, text := range []string{"", "a b", `"a, b" c`, `a "b`, `,",",`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, tag := range splitTags(text) {
			if tag == "" || strings.TrimSpace(tag) != tag || strings.Contains(tag, `"`) {
				t.Errorf("%q: got the tag %q", text, tag)
			}
		}
	})
}
