package attime

import (
	"errors"
	"strings"
	"time"
)

// Zone returns the time zone of a name, as Europe/Berlin. As in graphite-web
// (pytz) upper and lower case do not matter, but of names whose parts are mixed
// in themselves, as Port_of_Spain: those are found only as they are written. The
// zone of this machine has no name here.
func Zone(name string) (*time.Location, error) {
	if name == "" || strings.EqualFold(name, "local") {
		return nil, errors.New("not the name of a time zone")
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		return zone, nil
	}
	if len(strings.ToUpper(name)) != len(name) {
		return nil, err // not ASCII, as all names are
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

// capitals writes the ASCII letters at the beginnings of words large and all
// others small.
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
