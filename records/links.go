package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Shorten keeps an address and returns its number, from 1 on. An address that is
// kept already has the one it has.
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
		err := tx.QueryRowContext(ctx, known, address).Scan(&id) // somebody else may have been as fast
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

// Numbers of links that come from elsewhere.
const maxLink = 1_000_000_000

// ErrNumber reports a number that an address cannot have.
var ErrNumber = fmt.Errorf("the number is that of another address, or not one from 1 to %d", maxLink)

// KeepLink keeps an address under a number that it has elsewhere.
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
		var there string
		err := tx.QueryRowContext(ctx, "SELECT address FROM links WHERE id = ?", id).Scan(&there)
		if err == nil && there != address {
			err = ErrNumber
		}
		return err
	})
}

// Address returns the address that a number stands for, ErrNotFound if there is none.
func (db *DB) Address(ctx context.Context, id int64) (address string, err error) {
	err = db.sql.QueryRowContext(ctx, "SELECT address FROM links WHERE id = ?", id).Scan(&address)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return address, err
}
