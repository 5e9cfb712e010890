package api

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"carbon/attime"
)

// maxParams bounds the parameters of one request. A dashboard has hundreds.
const maxParams = 10_000

// params are the parameters of a request by name: those of the address, then
// those of a posted form, as graphite-web merges them. Of several values the
// last one counts, so a posted one wins.
type params map[string][]string

// paramError reports a parameter that makes no sense.
type paramError struct {
	Name, Value string
	Reason      string
}

func (e *paramError) Error() string {
	if e.Value == "" {
		return e.Name + ": " + e.Reason
	}
	return fmt.Sprintf("%s: %s: %q", e.Name, e.Reason, truncate(e.Value))
}

// readParams returns the parameters of a request: those of its query, then those of a
// posted body of the kind that the route takes.
func readParams(r *http.Request, kind bodyKind) (params, error) {
	p := params{}
	if kind == rawBody {
		return p, nil
	}
	if err := p.addQuery(r.URL.RawQuery); err != nil {
		return nil, err
	}
	if r.Method != http.MethodPost {
		return p, nil
	}
	media, attrs, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil: // none, or nonsense: graphite-web ignores such a body too
		return p, nil
	case media == "application/x-www-form-urlencoded":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, &bodyError{err}
		}
		if isLatin1(attrs["charset"]) {
			return p, p.addEscaped(string(body), unescapeLatin1)
		}
		return p, p.addQuery(string(body))
	case media == mediaJSON && kind == jsonParamsBody:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, &bodyError{err}
		}
		return p, p.addJSON(body)
	case media == "multipart/form-data":
		return p, p.addMultipart(multipart.NewReader(r.Body, attrs["boundary"]))
	}
	return p, nil
}

// addQuery adds a query string. Unlike net/url it takes what browsers and
// scripts really send: semicolons are part of tagged names, and a percent sign
// before anything but two hex digits stands for itself.
func (p params) addQuery(s string) error { return p.addEscaped(s, unescape) }

func (p params) addEscaped(s string, unescape func(string) string) error {
	for part := range strings.SplitSeq(s, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		if err := p.add(unescape(name), unescape(value)); err != nil {
			return err
		}
	}
	return nil
}

func (p params) addMultipart(m *multipart.Reader) error {
	for {
		part, err := m.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &bodyError{err}
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return &bodyError{err}
		}
		if part.FormName() == "" || part.FileName() != "" {
			continue
		}
		if err := p.add(part.FormName(), strings.ToValidUTF8(string(value), "\uFFFD")); err != nil {
			return err
		}
	}
}

func (p params) add(name, value string) error {
	if len(p[name]) >= maxParams || len(p) >= maxParams {
		return &limitError{fmt.Sprintf("more than %d parameters", maxParams)}
	}
	p[name] = append(p[name], value)
	return nil
}

// get is the value that counts, or "".
func (p params) get(name string) string {
	if all := p[name]; len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

func (p params) has(name string) bool { return len(p[name]) > 0 }

// pathParam is a variable part of the path, as it was before it was escaped.
func pathParam(r *http.Request, name string) string {
	text := chi.URLParam(r, name)
	if unescaped, err := url.PathUnescape(text); err == nil {
		text = unescaped
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// int is a whole number, 0 if absent. What Python's int() refuses is an error.
func (p params) int(name string) (int, error) {
	if !p.has(name) {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(p.get(name)))
	if err != nil {
		return 0, &paramError{name, p.get(name), "not a whole number"}
	}
	return n, nil
}

// location is the zone named by tz. As graphite-web does: an unknown zone
// counts as none.
func (p params) location(otherwise *time.Location) *time.Location {
	loc, err := attime.Zone(p.get("tz"))
	if err != nil {
		return otherwise
	}
	return loc
}

// time is a point in time relative to now, or otherwise if absent.
func (p params) time(name string, now, otherwise time.Time) (time.Time, error) {
	if !p.has(name) {
		return otherwise, nil
	}
	t, err := attime.Parse(p.get(name), now)
	if err != nil {
		return t, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// jsonp is the name of a function to call with the answer; "" is none. As it
// becomes part of a script, only what can be a function's name is taken.
func (p params) jsonp() (string, error) {
	name := p.get("jsonp")
	if len(name) > 200 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$.[]") != "" {
		return "", &paramError{"jsonp", name, "not a function's name"}
	}
	return name, nil
}

// values are the parameters, each with the one value that counts.
func (p params) values() url.Values {
	v := make(url.Values, len(p))
	for name := range p {
		v.Set(name, p.get(name))
	}
	return v
}

// shorten keeps an answer readable when somebody sends a megabyte.
func truncate(s string) string {
	const limit = 200
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
