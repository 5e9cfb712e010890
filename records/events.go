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

// Event is an event as graphite-web's /events has it, such as a deployment.
type Event struct {
	ID   int64
	When time.Time // to the microsecond
	What string
	Data string
	Tags string // separated by spaces or commas, see splitTags
}

// EventQuery selects events.
type EventQuery struct {
	From, Until time.Time // both inclusive

	// Tags are the tags that an event must have. As in graphite-web, tags that no
	// event has are ignored, but if no event has any of them, nothing matches. Nil
	// selects all events; an empty list, none.
	Tags []string
	Any  bool // an event needs only one of Tags

	// Latest is the maximum number of events to return. If more match, or if their
	// text exceeds the limit, the query returns the latest. 0: return all events that
	// match, or ErrTooMany.
	Latest int
}

// Limits of the result of one query.
const (
	MaxEvents = 100_000
	maxText   = 32 << 20 // bytes of What, Data and Tags of all events
)

// ErrTooMany reports a query whose result exceeds MaxEvents or 32 MiB of text.
var ErrTooMany = fmt.Errorf("more than %d events or %d MiB of text match: narrow the time range or filter by tags", MaxEvents, maxText>>20)

// Record stores an event and returns its id.
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

// Event returns the event with an id, or ErrNotFound.
func (db *DB) Event(ctx context.Context, id int64) (Event, error) {
	e, err := scan(db.sql.QueryRowContext(ctx, "SELECT id, at, what, data, tags FROM events WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return e, err
}

// Events returns the events that match a query, sorted by time.
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

// DeleteEvents deletes the events with the given ids and returns the number of
// deleted events. It ignores unknown ids.
func (db *DB) DeleteEvents(ctx context.Context, ids []int64) (n int64, err error) {
	if err := db.inPlace(); err != nil {
		return 0, err
	}
	text, _ := json.Marshal(ids) // cannot fail for numbers
	return n, db.transact(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM events WHERE id IN (SELECT value FROM json_each(?))", string(text))
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
}

// known returns the number of distinct tags of a list that at least one event has.
func (db *DB) known(ctx context.Context, tags string) (n int, err error) {
	err = db.sql.QueryRowContext(ctx,
		"SELECT count(DISTINCT value) FROM json_each(?) WHERE EXISTS (SELECT 1 FROM event_tags WHERE tag = value)", tags).Scan(&n)
	return n, err
}

// list returns strings as a JSON array for json_each, because SQLite limits the
// number of arguments of a statement.
func list(all []string) string {
	text, _ := json.Marshal(append([]string{}, all...)) // cannot fail for strings; never null
	return string(text)
}

// scan reads an event from a row of id, at, what, data and tags.
func scan(row interface{ Scan(...any) error }) (Event, error) {
	var e Event
	var at int64
	err := row.Scan(&e.ID, &at, &e.What, &e.Data, &e.Tags)
	e.When = time.UnixMicro(at).UTC()
	return e, err
}

// splitTags splits text into tags, as django-tagging does for graphite-web. Tags are
// separated by commas if there is a comma outside of double quotes, else by spaces.
// Text in double quotes is one tag.
func splitTags(text string) []string {
	var tags, unquoted []string
	for text != "" {
		before, quoted, open := strings.Cut(text, `"`)
		unquoted = append(unquoted, before)
		if !open {
			break
		}
		tag, after, closed := strings.Cut(quoted, `"`)
		if !closed {
			unquoted = append(unquoted, quoted)
			break
		}
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
		text = after
	}
	separator := " "
	for _, part := range unquoted {
		if strings.Contains(part, ",") {
			separator = ","
		}
	}
	for _, part := range unquoted {
		for tag := range strings.SplitSeq(part, separator) {
			if tag = strings.TrimSpace(tag); tag != "" {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}
