// Package records keeps what people and programs tell the server besides points:
// events, documents such as dashboards, with their earlier versions, and short URLs.
// They are in one SQLite database, which the sqlite3 command can read while the
// server runs.
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
	file fs.FileInfo // what was opened
}

// ErrNotFound reports that there is no record with an id.
var ErrNotFound = errors.New("no such record")

// migrations are what makes an empty database, step by step, one of today's. The
// database counts in user_version which it has been through.
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
	"CREATE INDEX event_tags_event ON event_tags (event);", // or deleting an event reads them all
}

// Options change how a database is opened. Zero values are the defaults.
type Options struct {
	MaxSize int64        // bytes of the file, beyond which nothing is kept: ErrFull. 0: 1 GiB
	Logger  *slog.Logger // nil: discard
}

// DefaultMaxSize is the size in bytes that carbon.db may reach.
const DefaultMaxSize = 1 << 30

// ErrFull reports that there is no room for more.
var ErrFull = errors.New("no room for more: carbon.db has reached [limits] RECORDS_SIZE, or the disk is full")

// Open opens the database in a file, and makes one if there is none. A file that
// is broken is moved out of the way, beside the new one, and logged.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	if o.MaxSize == 0 {
		o.MaxSize = DefaultMaxSize
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	db, err := open(ctx, path, o.MaxSize)
	if !broken(err) {
		return db, err
	}
	aside := fmt.Sprintf("%s.broken-%d", path, time.Now().UnixNano())
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("set a broken database aside: %w", err)
		}
	}
	log.Error("database is broken: set aside, begun anew", "path", path, "kept", aside, "err", err)
	return open(ctx, path, o.MaxSize)
}

// pageSize is in how large pieces SQLite keeps a database, if nobody chose otherwise.
const pageSize = 4096

func open(ctx context.Context, path string, maxSize int64) (_ *DB, err error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	dsn := url.URL{Scheme: "file", Path: absolute, RawQuery: url.Values{
		"_txlock": {"immediate"}, // who writes waits for its turn, rather than fail in the middle
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
		return nil, fmt.Errorf("open %s: %w: %s", path, errBroken, verdict)
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
		return fmt.Errorf("its version is %d, made by a newer server; this one knows up to %d", done, len(migrations))
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
			return fmt.Errorf("bring to version %d: %w", done+1, err)
		}
	}
	return nil
}

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

// inPlace returns an error if what was opened is not there any more: SQLite goes on
// with a file that nobody will find again.
func (db *DB) inPlace() error {
	file, err := os.Stat(db.path)
	if err == nil && !os.SameFile(file, db.file) {
		err = fmt.Errorf("%s is another file than the one opened: a restart opens it", db.path)
	}
	return err
}

// errBroken reports a database that can be read, but makes no sense.
var errBroken = errors.New("broken")

// broken tells whether an error is about what is in the file.
func broken(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_CORRUPT || c == sqlite3.SQLITE_NOTADB || errors.Is(err, errBroken)
}

// code is SQLite's number of an error, without what is said about it in detail; 0:
// it is not one of SQLite's.
func code(err error) int {
	var coded *sqlite.Error
	if !errors.As(err, &coded) {
		return 0
	}
	return coded.Code() & 0xff
}

// Close ends the use of the database.
func (db *DB) Close() error { return db.sql.Close() }
