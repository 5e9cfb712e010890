package records

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

func TestDocuments(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "carbon.db"))
	ctx := t.Context()
	save := func(kind Kind, name, state string) {
		t.Helper()
		if err := db.Save(ctx, kind, name, state); err != nil {
			t.Fatal(err)
		}
	}
	load := func(name string, number int64, want string, wantErr error) {
		t.Helper()
		v, err := db.Load(ctx, Dashboard, name, number)
		if v.State != want || !errors.Is(err, wantErr) || err == nil && v.Size != int64(len(want)) {
			t.Errorf("%s %d: %q %v, want %q %v", name, number, v.State, err, want, wantErr)
		}
	}
	names := func(kind Kind, want ...string) {
		t.Helper()
		if got, err := db.Names(ctx, kind); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q %v, want %q", kind, got, err, want)
		}
	}
	versions := func(name, want string) {
		t.Helper()
		all, err := db.Versions(ctx, Dashboard, name)
		got := ""
		for _, v := range all {
			got += fmt.Sprintf("%d:%d:%v ", v.Number, v.Size, v.Gone)
		}
		if err != nil || got != want {
			t.Errorf("versions of %s: %s %v, want %s", name, got, err, want)
		}
	}
	save(Dashboard, "web", "one")
	save(Dashboard, "web", "one") // unchanged
	save(Dashboard, "web", "größer")
	save(Dashboard, "a", "x")
	save(Template, "web", "template")
	load("web", 0, "größer", nil)
	load("web", 1, "one", nil)
	load("web", 2, "größer", nil)
	load("web", 3, "", ErrNotFound)
	load("nosuch", 0, "", ErrNotFound)
	names(Dashboard, "a", "web")
	names(Template, "web")
	names(Graph)
	versions("web", "2:8:false 1:3:false ")

	if err := db.Restore(ctx, Dashboard, "web", 1); err != nil {
		t.Error(err)
	}
	load("web", 0, "one", nil)
	if err := db.Delete(ctx, Dashboard, "web"); err != nil {
		t.Error(err)
	}
	load("web", 0, "", ErrNotFound)
	load("web", 4, "", ErrNotFound)
	load("web", 3, "one", nil)
	names(Dashboard, "a")
	names(Template, "web")
	versions("web", "4:0:true 3:3:false 2:8:false 1:3:false ")
	for name, do := range map[string]func() error{
		"delete a deleted document":     func() error { return db.Delete(ctx, Dashboard, "web") },
		"delete an unknown document":    func() error { return db.Delete(ctx, Dashboard, "nosuch") },
		"restore a deletion":            func() error { return db.Restore(ctx, Dashboard, "web", 4) },
		"restore the deleted latest":    func() error { return db.Restore(ctx, Dashboard, "web", 0) },
		"forget an unknown document":    func() error { return db.Forget(ctx, Dashboard, "nosuch") },
		"versions of unknown documents": func() error { _, err := db.Versions(ctx, Dashboard, "nosuch"); return err },
	} {
		if err := do(); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	save(Dashboard, "web", "one") // the state before the deletion
	load("web", 0, "one", nil)
	names(Dashboard, "a", "web")
	if err := db.Forget(ctx, Dashboard, "web"); err != nil {
		t.Error(err)
	}
	load("web", 1, "", ErrNotFound)
	var orphans int
	if err := db.sql.QueryRow("SELECT count(*) FROM versions WHERE document NOT IN (SELECT id FROM documents)").Scan(&orphans); err != nil || orphans != 0 {
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
