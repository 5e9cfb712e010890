package whisper

import (
	"path/filepath"
	"slices"
	"testing"

	"carbon/metric"
	"carbon/storage"
)

// TestUntag tests that an untagged series is not found, also after a restart, until its next
// point.
func TestUntag(t *testing.T) {
	dir := t.TempDir()
	open := func() *Store {
		t.Helper()
		s, err := Open(filepath.Join(dir, "whisper"), Options{TaggedLog: filepath.Join(dir, "tagged.log"), Layout: func(string) metric.Layout {
			return metric.Layout{Archives: []metric.Archive{{Step: 1, Points: 60}}, Aggregation: "average"}
		}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	write := func(s *Store) {
		t.Helper()
		if _, err := s.Write(t.Context(), []storage.Update{{Name: "a;b=c", Points: []metric.Point{{Time: 1, Value: 1}}}}); err != nil {
			t.Fatal(err)
		}
	}
	found := func(s *Store, want ...string) {
		t.Helper()
		if got, err := s.FindTagged(t.Context(), []string{"name=~."}); err != nil || !slices.Equal(got, want) {
			t.Errorf("found %v, %v; want %v", got, err, want)
		}
	}
	s := open()
	write(s)
	if err := s.Tag(t.Context(), []string{"plain", "x;y=1"}); err != nil {
		t.Fatal(err)
	}
	found(s, "a;b=c", "plain", "x;y=1")
	if tags, err := s.Tags(t.Context(), "", 0); err != nil || !slices.Equal(tags, []string{"b", "name", "y"}) {
		t.Errorf("tags %v, %v", tags, err)
	}
	if err := s.Untag(t.Context(), []string{"a;b=c", "plain", "unknown;a=b"}); err != nil {
		t.Fatal(err)
	}
	found(s, "x;y=1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open()
	found(s)
	write(s)
	found(s, "a;b=c")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open()
	found(s, "a;b=c")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
