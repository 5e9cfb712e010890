package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Shorten stores an address and returns its number, from 1. An address that is
// stored already keeps its number.
func (db *DB) Shorten(ctx context.Context, address string) (id int64, err error) {
	if err := db.inPlace(); err != nil {
		return 0, err
	}
	const known = "SELECT id FROM links WHERE address = ? ORDER BY id LIMIT 1"
	err = db.sql.QueryRowContext(ctx, known, address).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	return id, db.transact(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, known, address).Scan(&id) // another request may have stored it meanwhile
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		result, err := tx.ExecContext(ctx, "INSERT INTO links (address) VALUES (?)", address)
		if err != nil {
			return err
		}
		id, err = result.LastInsertId()
		return err
	})
}

// maxLink is the maximum number of a link that KeepLink accepts.
const maxLink = 1_000_000_000

// ErrNumber reports a number that KeepLink refuses.
var ErrNumber = fmt.Errorf("link number in use by another address, or not from 1 to %d", maxLink)

// KeepLink stores an address under a number that another server has given it. It
// returns ErrNumber if the number belongs to another address or is out of range.
func (db *DB) KeepLink(ctx context.Context, id int64, address string) error {
	if id < 1 || id > maxLink {
		return ErrNumber
	}
	if err := db.inPlace(); err != nil {
		return err
	}
	return db.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO links (id, address) VALUES (?, ?)", id, address); err != nil {
			return err
		}
		var stored string
		err := tx.QueryRowContext(ctx, "SELECT address FROM links WHERE id = ?", id).Scan(&stored)
		if err == nil && stored != address {
			err = ErrNumber
		}
		return err
	})
}

// Address returns the address with a number, or ErrNotFound.
func (db *DB) Address(ctx context.Context, id int64) (address string, err error) {
	err = db.sql.QueryRowContext(ctx, "SELECT address FROM links WHERE id = ?", id).Scan(&address)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return address, err
}
