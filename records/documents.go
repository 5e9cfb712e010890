package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Kind is the kind of a document. Documents of different kinds may have the same
// name.
type Kind string

// The kinds of documents. This package does not interpret their state.
const (
	Dashboard Kind = "dashboard"
	Template  Kind = "template" // of dashboards
	Graph     Kind = "graph"    // of graphite-web's composer
)

// Version is a version of a document.
type Version struct {
	Number int64 // from 1
	Saved  time.Time
	Size   int64  // of State, in bytes
	State  string // empty in a list of versions
	Gone   bool   // the version marks a deletion and has no state
}

// Limits of documents.
const (
	MaxDocuments = 100_000 // per kind
	MaxVersions  = 100     // per document
	maxTemporary = 1000    // temporary dashboards
)

// ErrTooManyDocuments reports that a kind has reached MaxDocuments.
var ErrTooManyDocuments = fmt.Errorf("limit of %d documents of a kind reached: delete some", MaxDocuments)

// Temporary is the prefix of the names of temporary dashboards.
const Temporary = "temporary-"

// Save stores a new version of a document, and creates the document if it does not
// exist. If the latest version has the same state, Save does nothing.
func (db *DB) Save(ctx context.Context, kind Kind, name, state string) error {
	if err := db.inPlace(); err != nil {
		return err
	}
	return db.transact(ctx, func(tx *sql.Tx) error { return save(ctx, tx, kind, name, state) })
}

// SaveTemporary stores a temporary dashboard and returns its new name. If there are
// too many temporary dashboards, it deletes the oldest.
func (db *DB) SaveTemporary(ctx context.Context, state string) (name string, err error) {
	if err := db.inPlace(); err != nil {
		return "", err
	}
	return name, db.transact(ctx, func(tx *sql.Tx) error {
		const temporary = " FROM documents WHERE kind = ? AND name GLOB ? "
		named := []any{Dashboard, Temporary + "*"}
		_, err := tx.ExecContext(ctx, "DELETE FROM documents WHERE id IN (SELECT id"+temporary+"ORDER BY id DESC LIMIT -1 OFFSET ?)",
			append(named, maxTemporary-1)...)
		if err != nil {
			return err
		}
		var count int
		if err := tx.QueryRowContext(ctx, "SELECT count(*)"+temporary, named...).Scan(&count); err != nil {
			return err
		}
		// As graphite-web does: use the first free number from 0.
		for n := 0; n <= count; n++ {
			name = fmt.Sprint(Temporary, n)
			_, _, err := find(ctx, tx, Dashboard, name)
			if errors.Is(err, ErrNotFound) {
				return save(ctx, tx, Dashboard, name, state)
			}
			if err != nil {
				return err
			}
		}
		// count dashboards cannot have count+1 names.
		return fmt.Errorf("no free name among %d temporary dashboards", count)
	})
}

// Load returns a version of a document; number 0 means the latest. It returns
// ErrNotFound if the version does not exist or marks a deletion.
func (db *DB) Load(ctx context.Context, kind Kind, name string, number int64) (Version, error) {
	v := Version{Number: number}
	var saved int64
	var state sql.NullString
	row := db.sql.QueryRowContext(ctx, `SELECT versions.version, saved, state FROM documents JOIN versions ON document = id
		WHERE kind = ? AND name = ? AND versions.version = CASE ? WHEN 0 THEN documents.version ELSE ? END`,
		kind, name, number, number)
	err := row.Scan(&v.Number, &saved, &state)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !state.Valid {
		err = ErrNotFound
	}
	v.Saved, v.State, v.Size = time.UnixMicro(saved).UTC(), state.String, int64(len(state.String))
	return v, err
}

// Names returns the sorted names of all documents of a kind that are not deleted.
func (db *DB) Names(ctx context.Context, kind Kind) ([]string, error) {
	rows, err := db.sql.QueryContext(ctx, "SELECT name FROM documents WHERE kind = ? AND NOT gone ORDER BY name", kind)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// Versions returns the stored versions of a document, latest first and without their
// State. It also works for deleted documents. It returns ErrNotFound if there are
// none.
func (db *DB) Versions(ctx context.Context, kind Kind, name string) ([]Version, error) {
	rows, err := db.sql.QueryContext(ctx, `SELECT versions.version, saved, ifnull(length(CAST(state AS BLOB)), 0), state IS NULL
		FROM documents JOIN versions ON document = id WHERE kind = ? AND name = ? ORDER BY versions.version DESC`, kind, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Version
	for rows.Next() {
		var v Version
		var saved int64
		if err := rows.Scan(&v.Number, &saved, &v.Size, &v.Gone); err != nil {
			return nil, err
		}
		v.Saved = time.UnixMicro(saved).UTC()
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrNotFound
	}
	return all, nil
}

// Restore saves the state of an earlier version as a new version. It returns
// ErrNotFound if the version does not exist or marks a deletion.
func (db *DB) Restore(ctx context.Context, kind Kind, name string, number int64) error {
	v, err := db.Load(ctx, kind, name, number)
	if err != nil {
		return err
	}
	return db.Save(ctx, kind, name, v.State)
}

// Delete marks a document as deleted and keeps its versions for Restore. It returns
// ErrNotFound if the document does not exist or is deleted already.
func (db *DB) Delete(ctx context.Context, kind Kind, name string) error {
	if err := db.inPlace(); err != nil {
		return err
	}
	return db.transact(ctx, func(tx *sql.Tx) error {
		id, gone, err := find(ctx, tx, kind, name)
		if err != nil {
			return err
		}
		if gone {
			return ErrNotFound
		}
		return add(ctx, tx, id, sql.NullString{})
	})
}

// Forget removes a document and all its versions. It returns ErrNotFound if the
// document does not exist.
func (db *DB) Forget(ctx context.Context, kind Kind, name string) error {
	if err := db.inPlace(); err != nil {
		return err
	}
	return db.transact(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM documents WHERE kind = ? AND name = ?", kind, name)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); n == 0 && err == nil {
			return ErrNotFound
		}
		return nil
	})
}

// find returns the id of a document and whether it is deleted, or ErrNotFound.
func find(ctx context.Context, tx *sql.Tx, kind Kind, name string) (id int64, gone bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT id, gone FROM documents WHERE kind = ? AND name = ?", kind, name).Scan(&id, &gone)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return id, gone, err
}

func save(ctx context.Context, tx *sql.Tx, kind Kind, name, state string) error {
	id, _, err := find(ctx, tx, kind, name)
	if errors.Is(err, ErrNotFound) {
		id, err = create(ctx, tx, kind, name)
	}
	if err != nil {
		return err
	}
	var same bool
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM documents JOIN versions ON document = id
		WHERE id = ? AND versions.version = documents.version AND state = ?`, id, state).Scan(&same)
	if err != nil || same {
		return err
	}
	return add(ctx, tx, id, sql.NullString{String: state, Valid: true})
}

// create creates a document without versions.
func create(ctx context.Context, tx *sql.Tx, kind Kind, name string) (id int64, err error) {
	var count int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM documents WHERE kind = ?", kind).Scan(&count); err != nil {
		return 0, err
	}
	if count >= MaxDocuments {
		return 0, ErrTooManyDocuments
	}
	result, err := tx.ExecContext(ctx, "INSERT INTO documents (kind, name, version, gone) VALUES (?, ?, 0, 0)", kind, name)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// add adds a version to a document; a null state marks a deletion. Beyond MaxVersions
// it removes the version that was the latest for the shortest time. Frequent saves,
// such as those of a broken script, therefore do not displace versions that were in
// use for long.
func add(ctx context.Context, tx *sql.Tx, id int64, state sql.NullString) error {
	for _, statement := range []string{
		"UPDATE documents SET version = version + 1, gone = ?2 IS NULL WHERE id = ?1",
		"INSERT INTO versions (document, version, saved, state) SELECT id, version, ?3, ?2 FROM documents WHERE id = ?1",
		`DELETE FROM versions WHERE document = ?1 AND version = (
			SELECT version FROM (
				SELECT version, lead(saved) OVER (ORDER BY version) - saved AS lasted
				FROM versions WHERE document = ?1
			) WHERE lasted IS NOT NULL AND (SELECT count(*) FROM versions WHERE document = ?1) > ?4
			ORDER BY lasted, version LIMIT 1)`,
	} {
		if _, err := tx.ExecContext(ctx, statement, id, state, time.Now().UnixMicro(), MaxVersions); err != nil {
			return err
		}
	}
	return nil
}
