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

// Links stores URLs by number, for short URLs. *records.DB implements it.
type Links interface {
	// Shorten stores a URL and returns its number, from 1. A URL has one number.
	Shorten(ctx context.Context, address string) (id int64, err error)
	// KeepLink stores a URL under a number, or returns records.ErrNumber.
	KeepLink(ctx context.Context, id int64, address string) error
	// Address returns the URL of a number, or records.ErrNotFound.
	Address(ctx context.Context, id int64) (string, error)
}

// noLinks is the Links of a server that could not open its database.
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
			Path: "/S/{link}", Methods: "GET", ID: "follow", Doc: "Redirects (302) from a short URL to the stored URL.",
			Params: []Param{{Name: "link", Type: "string", Doc: "The number that /s/ returned."}},
			answer: s.follow,
		},
	}
}

// cacheBusters are parameters that differ in each request.
var cacheBusters = regexp.MustCompile(`&_(uniq|salt|dc)=[0-9.]+`)

// shorten answers /s/PATH?QUERY: a short URL of that path on this server.
func (s *server) shorten(w http.ResponseWriter, r *http.Request, _ params) error {
	address := strings.TrimLeft(chi.URLParam(r, "*"), `/\`)
	if r.URL.RawQuery != "" {
		address += "?" + cacheBusters.ReplaceAllString(asciiQuery(r.URL.RawQuery), "")
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

// maxURLBytes bounds the bytes of a stored URL.
const maxURLBytes = 64 << 10

func checkURLSize(address string) error {
	if len(address) > maxURLBytes {
		return &limitError{fmt.Sprintf("url: more than %d bytes", maxURLBytes)}
	}
	return nil
}

// asciiQuery escapes characters of a query that a header cannot contain.
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

// follow answers /S/NUMBER, a short URL, with a redirect. It always leads to this server:
// no URL that begins with one slash names a host.
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

// digits62 are the digits of base 62, as in graphite-web.
const digits62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz"

// base62 formats a number, which is not negative.
func base62(n int64) string {
	text := []byte{digits62[n%62]}
	for n /= 62; n > 0; n /= 62 {
		text = append([]byte{digits62[n%62]}, text...)
	}
	return string(text)
}

// fromBase62 parses a number of at most ten digits in base 62.
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
