// Package records stores events, documents such as dashboards, with their earlier
// versions, and short URLs in an SQLite database. The sqlite3 command can read the
// database while the server runs.
package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// DB is an open database. It may be used concurrently.
type DB struct {
	sql  *sql.DB
	path string
	file fs.FileInfo // the opened file, see inPlace
}

// ErrNotFound reports that a record does not exist.
var ErrNotFound = errors.New("no such record")

// migrations bring an empty database to the current version, one version each. The
// database stores its version in user_version.
var migrations = []string{
	`CREATE TABLE events (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		at INTEGER NOT NULL, -- microseconds since 1970
		what TEXT NOT NULL,
		data TEXT NOT NULL,
		tags TEXT NOT NULL -- as they were given
	);
	CREATE INDEX events_at ON events (at);
	CREATE TABLE event_tags (
		tag TEXT NOT NULL,
		event INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
		PRIMARY KEY (tag, event)
	) WITHOUT ROWID;`,
	`CREATE TABLE documents (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		kind TEXT NOT NULL, -- dashboard, template, graph
		name TEXT NOT NULL,
		version INTEGER NOT NULL, -- the latest
		gone INTEGER NOT NULL, -- 1: was deleted, but can be restored
		UNIQUE (kind, name)
	);
	CREATE TABLE versions (
		document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
		version INTEGER NOT NULL, -- from 1 on
		saved INTEGER NOT NULL, -- microseconds since 1970
		state TEXT, -- NULL: was deleted then
		PRIMARY KEY (document, version)
	);
	CREATE TABLE links (
		id INTEGER PRIMARY KEY AUTOINCREMENT, -- what a short URL says in base 62
		address TEXT NOT NULL -- below the prefix of all paths: render?target=a.b
	);
	CREATE INDEX links_address ON links (address);`,
	"CREATE INDEX event_tags_event ON event_tags (event);", // without it, deleting an event scans the table
}

// Options change how a database is opened. Zero values are the defaults.
type Options struct {
	MaxSize int64        // maximum size of the file in bytes, see ErrFull; 0: DefaultMaxSize
	Logger  *slog.Logger // nil: discard
}

// DefaultMaxSize is the default maximum size of the file in bytes.
const DefaultMaxSize = 1 << 30

// ErrFull reports that a record was not stored because the database has reached its
// maximum size or the disk is full.
var ErrFull = errors.New("carbon.db is full: it has reached [limits] RECORDS_SIZE, or the disk is full")

// Open opens the database in a file and creates the file if it does not exist. If
// the file is corrupt, Open renames it, logs an error and creates a new one.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	if o.MaxSize == 0 {
		o.MaxSize = DefaultMaxSize
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	db, err := open(ctx, path, o.MaxSize)
	if !corrupt(err) {
		return db, err
	}
	aside := fmt.Sprintf("%s.broken-%d", path, time.Now().UnixNano())
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("set corrupt database aside: %w", err)
		}
	}
	log.Error("corrupt database set aside; starting with an empty one", "path", path, "aside", aside, "err", err)
	return open(ctx, path, o.MaxSize)
}

// pageSize is SQLite's default page size in bytes.
const pageSize = 4096

func open(ctx context.Context, path string, maxSize int64) (_ *DB, err error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: absolute, RawQuery: url.Values{
		"_txlock": {"immediate"}, // a transaction waits for others before it starts, and does not fail at its first write
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(ON)", fmt.Sprintf("max_page_count(%d)", min(max(1, maxSize/pageSize), math.MaxUint32-1))},
	}.Encode()}
	db := &DB{path: path}
	if db.sql, err = sql.Open("sqlite", dsn.String()); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.sql.SetMaxOpenConns(4)
	defer func() {
		if err != nil {
			db.sql.Close()
		}
	}()
	var verdict string
	if err := db.sql.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if verdict != "ok" {
		return nil, fmt.Errorf("open %s: %w: %s", path, errCorrupt, verdict)
	}
	if err := db.migrate(ctx); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if db.file, err = os.Stat(path); err != nil {
		return nil, err
	}
	return db, nil
}

func (db *DB) migrate(ctx context.Context) error {
	var done int
	if err := db.sql.QueryRowContext(ctx, "PRAGMA user_version").Scan(&done); err != nil {
		return err
	}
	if done > len(migrations) {
		return fmt.Errorf("database version %d was written by a newer server; this one supports versions up to %d", done, len(migrations))
	}
	for ; done < len(migrations); done++ {
		err := db.transact(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, migrations[done]); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", done+1))
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate to version %d: %w", done+1, err)
		}
	}
	return nil
}

// transact calls work in a transaction, and commits it unless work returns an error.
func (db *DB) transact(ctx context.Context, work func(tx *sql.Tx) error) error {
	tx, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err = work(tx); err != nil {
		tx.Rollback()
	} else {
		err = tx.Commit()
	}
	if code(err) == sqlite3.SQLITE_FULL {
		return ErrFull
	}
	return err
}

// inPlace returns an error if the opened file was removed or replaced. SQLite would
// go on writing to the removed file.
func (db *DB) inPlace() error {
	file, err := os.Stat(db.path)
	if err == nil && !os.SameFile(file, db.file) {
		err = fmt.Errorf("%s was replaced by another file: restart the server to use that", db.path)
	}
	return err
}

// errCorrupt reports a database that fails SQLite's quick_check.
var errCorrupt = errors.New("corrupt")

// corrupt reports whether an error means that the file is not a sound database.
func corrupt(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_CORRUPT || c == sqlite3.SQLITE_NOTADB || errors.Is(err, errCorrupt)
}

// code returns SQLite's primary result code of an error; 0: the error is not from
// SQLite.
func code(err error) int {
	var coded *sqlite.Error
	if !errors.As(err, &coded) {
		return 0
	}
	return coded.Code() & 0xff
}

// Close closes the database.
func (db *DB) Close() error { return db.sql.Close() }
