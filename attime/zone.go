package attime

import (
	"errors"
	"strings"
	"time"
)

// Zone returns the time zone with the given name, such as Europe/Berlin. As in graphite-web
// (pytz) case does not matter, except in names with words in lower case, such as
// Port_of_Spain, which are found only as written. "Local" is not a name.
func Zone(name string) (*time.Location, error) {
	if name == "" || strings.EqualFold(name, "local") {
		return nil, errors.New("not a time zone name")
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		return zone, nil
	}
	if len(strings.ToUpper(name)) != len(name) {
		return nil, err // not ASCII, unlike all names
	}
	upper, words := strings.ToUpper(name), capitals(name)
	spellings := []string{upper, words} // UTC, America/New_York
	if i := strings.IndexByte(name, '/'); i > 0 {
		spellings = append(spellings, words[:i]+upper[i:], upper[:i]+words[i:]) // Etc/GMT+5, US/Pacific
	}
	for _, s := range spellings {
		if zone, err := time.LoadLocation(s); err == nil {
			return zone, nil
		}
	}
	return nil, err
}

// capitals converts the ASCII letters at the start of words to upper case and all others to
// lower case.
func capitals(s string) string {
	b := []byte(s)
	begins := true
	for i, c := range b {
		lower := c | 0x20
		letter := 'a' <= lower && lower <= 'z'
		switch {
		case letter && begins:
			b[i] = lower &^ 0x20
		case letter:
			b[i] = lower
		}
		begins = !letter
	}
	return string(b)
}
