package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Event is something that happened.
type Event struct {
	ID   int64
	When time.Time // to the microsecond
	What string
	Data string
	Tags string // separated by blanks, or as splitTags says
}

// EventQuery asks for events.
type EventQuery struct {
	From, Until time.Time // both included

	// Tags are what an event must have all of; those that no event has do not
	// count, as in graphite-web, but one must. Nil: events with any tags and none.
	Tags []string
	Any  bool // one of Tags is enough

	// Latest is how many events to return, the latest that match and that there is
	// room for; 0 is all, or ErrTooMany.
	Latest int
}

// MaxEvents is how many events one answer may have, maxText how many bytes of text.
const (
	MaxEvents = 100_000
	maxText   = 32 << 20
)

// ErrTooMany reports a query that more events match than one answer may have.
var ErrTooMany = fmt.Errorf("more than %d events match, or more than %d MiB of them: ask for a shorter time, or for tags", MaxEvents, maxText>>20)

// Record keeps an event and returns its id.
func (db *DB) Record(ctx context.Context, e Event) (id int64, err error) {
	if err := db.inPlace(); err != nil {
		return 0, err
	}
	return id, db.transact(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "INSERT INTO events (at, what, data, tags) VALUES (?, ?, ?, ?)",
			e.When.UnixMicro(), e.What, e.Data, e.Tags)
		if err != nil {
			return err
		}
		if id, err = result.LastInsertId(); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT OR IGNORE INTO event_tags (tag, event) SELECT value, ? FROM json_each(?)",
			id, list(splitTags(e.Tags)))
		return err
	})
}

// Event returns the event with an id, ErrNotFound if there is none.
func (db *DB) Event(ctx context.Context, id int64) (Event, error) {
	e, err := scan(db.sql.QueryRowContext(ctx, "SELECT id, at, what, data, tags FROM events WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return e, err
}

// Events returns the events that match a query, in order of time.
func (db *DB) Events(ctx context.Context, q EventQuery) ([]Event, error) {
	statement := "SELECT id, at, what, data, tags FROM events WHERE at BETWEEN ? AND ?"
	args := []any{q.From.UnixMicro(), q.Until.UnixMicro()}
	if q.Tags != nil {
		tags := list(q.Tags)
		wanted, err := db.known(ctx, tags)
		if err != nil || wanted == 0 {
			return nil, err
		}
		if q.Any {
			wanted = 1
		}
		statement += " AND (SELECT count(*) FROM event_tags WHERE event = id AND tag IN (SELECT value FROM json_each(?))) >= ?"
		args = append(args, tags, wanted)
	}
	order, most := " ORDER BY at, id LIMIT ?", MaxEvents+1
	if q.Latest > 0 {
		order, most = " ORDER BY at DESC, id DESC LIMIT ?", min(q.Latest, MaxEvents)
	}
	rows, err := db.sql.QueryContext(ctx, statement+order, append(args, most)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var events []Event
	room := maxText
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return nil, err
		}
		room -= len(e.What) + len(e.Data) + len(e.Tags)
		if room < 0 && q.Latest > 0 {
			break
		}
		if events = append(events, e); room < 0 || len(events) > MaxEvents {
			return nil, ErrTooMany
		}
	}
	if q.Latest > 0 {
		slices.Reverse(events)
	}
	return events, rows.Err()
}

// DeleteEvents deletes events by their ids, and returns how many of them there were.
func (db *DB) DeleteEvents(ctx context.Context, ids []int64) (n int64, err error) {
	if err := db.inPlace(); err != nil {
		return 0, err
	}
	text, _ := json.Marshal(ids) // numbers cannot fail
	return n, db.transact(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM events WHERE id IN (SELECT value FROM json_each(?))", string(text))
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
}

// known counts the tags that any event has.
func (db *DB) known(ctx context.Context, tags string) (n int, err error) {
	err = db.sql.QueryRowContext(ctx,
		"SELECT count(DISTINCT value) FROM json_each(?) WHERE EXISTS (SELECT 1 FROM event_tags WHERE tag = value)", tags).Scan(&n)
	return n, err
}

// list is strings as one argument of a statement, which has room for few.
func list(all []string) string {
	text, _ := json.Marshal(append([]string{}, all...)) // strings cannot fail
	return string(text)
}

func scan(row interface{ Scan(...any) error }) (Event, error) {
	var e Event
	var at int64
	err := row.Scan(&e.ID, &at, &e.What, &e.Data, &e.Tags)
	e.When = time.UnixMicro(at).UTC()
	return e, err
}

// splitTags returns the tags in a text, as django-tagging does for graphite-web:
// words between blanks or, if there is a comma outside of double quotes, what is
// between commas. What is in double quotes is one tag.
func splitTags(text string) []string {
	var tags, loose []string
	for text != "" {
		before, quoted, open := strings.Cut(text, `"`)
		loose = append(loose, before)
		if !open {
			break
		}
		tag, after, closed := strings.Cut(quoted, `"`)
		if !closed {
			loose = append(loose, quoted)
			break
		}
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
		text = after
	}
	separator := " "
	for _, part := range loose {
		if strings.Contains(part, ",") {
			separator = ","
		}
	}
	for _, part := range loose {
		for tag := range strings.SplitSeq(part, separator) {
			if tag = strings.TrimSpace(tag); tag != "" {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}
