package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/go-chi/chi/v5"

	"carbon/records"
)

// Links keeps addresses by numbers. *records.DB does.
type Links interface {
	// Shorten keeps an address and returns its number, from 1 on; an address has one.
	Shorten(ctx context.Context, address string) (id int64, err error)
	// KeepLink keeps an address under a number, records.ErrNumber if that cannot be.
	KeepLink(ctx context.Context, id int64, address string) error
	// Address returns what a number stands for, records.ErrNotFound if that is nothing.
	Address(ctx context.Context, id int64) (string, error)
}

// noLinks is the Links of a server that could not open what it keeps them in.
type noLinks struct{}

func (noLinks) Shorten(context.Context, string) (int64, error) { return 0, errNoRecords }
func (noLinks) KeepLink(context.Context, int64, string) error  { return errNoRecords }
func (noLinks) Address(context.Context, int64) (string, error) { return "", errNoRecords }

func (s *server) shortURLRoutes() []Route {
	return []Route{
		{
			Path: "/s", Methods: "GET POST", ID: "shortenRoot", Changes: true, Doc: "Returns a short URL of the front page with the given parameters.",
			Answers: []string{mediaText},
			answer:  s.shorten,
		},
		{
			Path: "/s/*", Methods: "GET POST", ID: "shorten", Changes: true, Doc: "Returns a short URL of the given path with all parameters.",
			Params:  []Param{{Name: "name", Type: "string", Doc: "A path on this server, below URL_PREFIX."}},
			Answers: []string{mediaText},
			answer:  s.shorten,
		},
		{
			Path: "/S/{link}", Methods: "GET", ID: "follow", Doc: "Redirects (302) from a short URL to what it stands for.",
			Params: []Param{{Name: "link", Type: "string", Doc: "The number that /s/ returned."}},
			answer: s.follow,
		},
	}
}

// passing are parameters that make each address a new one.
var passing = regexp.MustCompile(`&_(uniq|salt|dc)=[0-9.]+`)

// shorten answers /s/ADDRESS?QUERY: the path of a short URL for it. An address is
// one of this server, below the prefix of all paths.
func (s *server) shorten(w http.ResponseWriter, r *http.Request, _ params) error {
	address := strings.TrimLeft(chi.URLParam(r, "*"), `/\`)
	if r.URL.RawQuery != "" {
		address += "?" + passing.ReplaceAllString(asciiQuery(r.URL.RawQuery), "")
	}
	if err := checkURLSize(address); err != nil {
		return err
	}
	id, err := s.Links.Shorten(r.Context(), address)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain")
	noCache(w)
	_, err = io.WriteString(w, s.URLPrefix+"/S/"+base62(id))
	return err
}

// maxURLBytes is how many bytes an address may have that is kept.
const maxURLBytes = 64 << 10

func checkURLSize(address string) error {
	if len(address) > maxURLBytes {
		return &limitError{fmt.Sprintf("address: more than %d bytes", maxURLBytes)}
	}
	return nil
}

// asciiQuery escapes what may not stand in a header.
func asciiQuery(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c > ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// follow answers /S/NUMBER, a short URL, with the way to what it stands for. It
// leads to this server whatever the address is: what follows its first slash is none.
func (s *server) follow(w http.ResponseWriter, r *http.Request, _ params) error {
	id, ok := fromBase62(chi.URLParam(r, "link"))
	if !ok {
		return records.ErrNotFound
	}
	address, err := s.Links.Address(r.Context(), id)
	if err != nil {
		return err
	}
	w.Header().Set("Location", s.URLPrefix+"/"+strings.TrimLeft(address, `/\`))
	w.WriteHeader(http.StatusFound)
	return nil
}

// digits62 are the digits of numbers in short URLs, as in graphite-web.
const digits62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz"

// base62 writes a number that is not negative.
func base62(n int64) string {
	text := []byte{digits62[n%62]}
	for n /= 62; n > 0; n /= 62 {
		text = append([]byte{digits62[n%62]}, text...)
	}
	return string(text)
}

// fromBase62 reads what base62 writes, of at most ten digits.
func fromBase62(text string) (n int64, ok bool) {
	if text == "" || len(text) > 10 {
		return 0, false
	}
	for i := range len(text) {
		digit := strings.IndexByte(digits62, text[i])
		if digit < 0 {
			return 0, false
		}
		n = 62*n + int64(digit)
	}
	return n, true
}
