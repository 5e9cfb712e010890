package records

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

// documentsTest is a database with checks of its documents.
type documentsTest struct {
	*DB
	t *testing.T
}

func newDocumentsTest(t *testing.T) documentsTest {
	return documentsTest{opened(t, filepath.Join(t.TempDir(), "carbon.db")), t}
}

func (d documentsTest) save(kind Kind, name, state string) {
	d.t.Helper()
	if err := d.Save(d.t.Context(), kind, name, state); err != nil {
		d.t.Fatal(err)
	}
}

func (d documentsTest) load(name string, number int64, want string, wantErr error) {
	d.t.Helper()
	v, err := d.Load(d.t.Context(), Dashboard, name, number)
	if v.State != want || !errors.Is(err, wantErr) || err == nil && v.Size != int64(len(want)) {
		d.t.Errorf("%s %d: %q %v, want %q %v", name, number, v.State, err, want, wantErr)
	}
}

func (d documentsTest) names(kind Kind, want ...string) {
	d.t.Helper()
	if got, err := d.Names(d.t.Context(), kind); err != nil || !slices.Equal(got, want) {
		d.t.Errorf("%s: %q %v, want %q", kind, got, err, want)
	}
}

// versions compares the versions of a dashboard, NUMBER:SIZE:GONE.
func (d documentsTest) versions(name, want string) {
	d.t.Helper()
	all, err := d.Versions(d.t.Context(), Dashboard, name)
	got := ""
	for _, v := range all {
		got += fmt.Sprintf("%d:%d:%v ", v.Number, v.Size, v.Gone)
	}
	if err != nil || got != want {
		d.t.Errorf("versions of %s: %s %v, want %s", name, got, err, want)
	}
}

func TestDocuments(t *testing.T) {
	d := newDocumentsTest(t)
	d.save(Dashboard, "web", "one")
	d.save(Dashboard, "web", "one") // unchanged
	d.save(Dashboard, "web", "größer")
	d.save(Dashboard, "a", "x")
	d.save(Template, "web", "template")
	d.load("web", 0, "größer", nil)
	d.load("web", 1, "one", nil)
	d.load("web", 2, "größer", nil)
	d.load("web", 3, "", ErrNotFound)
	d.load("nosuch", 0, "", ErrNotFound)
	d.names(Dashboard, "a", "web")
	d.names(Template, "web")
	d.names(Graph)
	d.versions("web", "2:8:false 1:3:false ")
	if err := d.Restore(t.Context(), Dashboard, "web", 1); err != nil {
		t.Error(err)
	}
	d.load("web", 0, "one", nil)
}

func TestDeleteDocument(t *testing.T) {
	d := newDocumentsTest(t)
	ctx := t.Context()
	d.save(Dashboard, "a", "x")
	d.save(Dashboard, "web", "one")
	d.save(Template, "web", "template")
	if err := d.Delete(ctx, Dashboard, "web"); err != nil {
		t.Error(err)
	}
	d.load("web", 0, "", ErrNotFound)
	d.load("web", 2, "", ErrNotFound)
	d.load("web", 1, "one", nil)
	d.names(Dashboard, "a")
	d.names(Template, "web")
	d.versions("web", "2:0:true 1:3:false ")
	for name, do := range map[string]func() error{
		"delete a deleted document":       func() error { return d.Delete(ctx, Dashboard, "web") },
		"delete an unknown document":      func() error { return d.Delete(ctx, Dashboard, "nosuch") },
		"restore a deletion":              func() error { return d.Restore(ctx, Dashboard, "web", 2) },
		"restore the deleted latest":      func() error { return d.Restore(ctx, Dashboard, "web", 0) },
		"forget an unknown document":      func() error { return d.Forget(ctx, Dashboard, "nosuch") },
		"list versions of an unknown one": func() error { _, err := d.Versions(ctx, Dashboard, "nosuch"); return err },
	} {
		if err := do(); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.save(Dashboard, "web", "one") // the state before the deletion
	d.load("web", 0, "one", nil)
	d.names(Dashboard, "a", "web")
}

func TestForgetDocument(t *testing.T) {
	d := newDocumentsTest(t)
	d.save(Dashboard, "web", "one")
	if err := d.Forget(t.Context(), Dashboard, "web"); err != nil {
		t.Error(err)
	}
	d.load("web", 1, "", ErrNotFound)
	var orphans int
	if err := d.sql.QueryRow("SELECT count(*) FROM versions WHERE document NOT IN (SELECT id FROM documents)").Scan(&orphans); err != nil || orphans != 0 {
		t.Errorf("%d versions of removed documents, %v", orphans, err)
	}
}

// TestVersionLimit checks that the versions removed beyond MaxVersions are those that
// were soon replaced.
func TestVersionLimit(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "carbon.db"))
	save := func(state string) {
		t.Helper()
		if err := db.Save(t.Context(), Dashboard, "web", state); err != nil {
			t.Fatal(err)
		}
	}
	save("latest for a day")
	if _, err := db.sql.Exec("UPDATE versions SET saved = saved - 86400000000"); err != nil {
		t.Fatal(err)
	}
	for i := range 2 * MaxVersions {
		save(fmt.Sprint("soon replaced ", i))
	}
	all, err := db.Versions(t.Context(), Dashboard, "web")
	if err != nil || len(all) != MaxVersions || all[0].Number != 2*MaxVersions+1 {
		t.Fatalf("%d versions, the latest %d, %v", len(all), all[0].Number, err)
	}
	if v, err := db.Load(t.Context(), Dashboard, "web", 1); err != nil || v.State != "latest for a day" {
		t.Errorf("%q %v", v.State, err)
	}
}

func TestTemporaryDashboards(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "carbon.db"))
	f := func(want string) {
		t.Helper()
		if name, err := db.SaveTemporary(t.Context(), "state of "+want); err != nil || name != want {
			t.Fatalf("%q %v, want %q", name, err, want)
		}
		if v, err := db.Load(t.Context(), Dashboard, want, 0); err != nil || v.State != "state of "+want {
			t.Errorf("%q %v", v.State, err)
		}
	}
	f("temporary-0")
	f("temporary-1")
	if err := db.Save(t.Context(), Dashboard, "temporary-3", "named by a user"); err != nil {
		t.Fatal(err)
	}
	if err := db.Forget(t.Context(), Dashboard, "temporary-0"); err != nil {
		t.Fatal(err)
	}
	f("temporary-0")
	f("temporary-2")
	f("temporary-4")
}

func TestTemporaryDashboardLimit(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "carbon.db"))
	if err := db.Save(t.Context(), Dashboard, "named", "state"); err != nil {
		t.Fatal(err)
	}
	_, err := db.sql.Exec(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO documents (kind, name, version, gone) SELECT ?, ? || i, 0, 0 FROM n`, maxTemporary-1, Dashboard, Temporary)
	if err != nil {
		t.Fatal(err)
	}
	name, err := db.SaveTemporary(t.Context(), "state")
	if err != nil || name != Temporary+"0" { // the name of the oldest, which was removed
		t.Errorf("%q %v", name, err)
	}
	names, err := db.Names(t.Context(), Dashboard)
	if err != nil || len(names) != maxTemporary+1 || names[0] != "named" {
		t.Errorf("%d names %v", len(names), err)
	}
}

func TestLinks(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "carbon.db"))
	f := func(address string, want int64) {
		t.Helper()
		if id, err := db.Shorten(t.Context(), address); err != nil || id != want {
			t.Errorf("%s: %d %v, want %d", address, id, err, want)
		}
		if got, err := db.Address(t.Context(), want); err != nil || got != address {
			t.Errorf("%d: %q %v", want, got, err)
		}
	}
	f("render?target=a", 1)
	f("render?target=b", 2)
	f("render?target=a", 1)
	f("", 3)
	if _, err := db.Address(t.Context(), 4); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	keep := func(id int64, address string, want error) {
		t.Helper()
		if err := db.KeepLink(t.Context(), id, address); !errors.Is(err, want) {
			t.Errorf("%d %s: %v, want %v", id, address, err, want)
		}
	}
	keep(77, "render?target=a", nil)
	keep(77, "render?target=a", nil)
	keep(77, "render?target=b", ErrNumber)
	keep(1, "render?target=b", ErrNumber)
	keep(0, "x", ErrNumber)
	keep(maxLink+1, "x", ErrNumber)
	if address, err := db.Address(t.Context(), 77); address != "render?target=a" || err != nil {
		t.Error(address, err)
	}
	f("render?target=a", 1)
	f("render?target=c", 78)
}
