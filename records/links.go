package records

import (
	"context"
	"database/sql"
	"errors"
)

// Shorten keeps an address and returns its number, from 1 on; an address has one.
func (db *DB) Shorten(ctx context.Context, address string) (id int64, err error) {
	if err := db.inPlace(); err != nil {
		return 0, err
	}
	err = db.sql.QueryRowContext(ctx, "SELECT id FROM links WHERE address = ?", address).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	return id, db.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO links (address) VALUES (?)", address); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT id FROM links WHERE address = ?", address).Scan(&id)
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
