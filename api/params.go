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

// maxParams bounds the parameters of a request, and the values of each. A dashboard has
// hundreds of targets.
const maxParams = 10_000

// params are the parameters of a request by name. As in graphite-web, the values of the
// query come before those of a posted form; where one value is needed, the last counts.
type params map[string][]string

// paramError reports a parameter with an invalid value, or none.
type paramError struct {
	Name, Value string
	Reason      string
}

// missing reports a parameter that must be given.
func missing(name string) error { return &paramError{name, "", "missing"} }

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
	case err != nil: // missing or invalid: graphite-web ignores such a body too
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

// addQuery adds a query string. Unlike net/url it accepts what browsers and scripts
// send: semicolons, which tagged names contain, and percent signs without two hex
// digits, which stand for themselves.
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

// get returns the last value of a parameter, or "".
func (p params) get(name string) string {
	if all := p[name]; len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

func (p params) has(name string) bool { return len(p[name]) > 0 }

// pathParam returns a variable part of the path, unescaped.
func pathParam(r *http.Request, name string) string {
	text := chi.URLParam(r, name)
	if unescaped, err := url.PathUnescape(text); err == nil {
		text = unescaped
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// int returns a parameter as an integer, 0 if it is absent. It accepts what Python's
// int() accepts.
func (p params) int(name string) (int, error) {
	if !p.has(name) {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(p.get(name)))
	if err != nil {
		return 0, &paramError{name, p.get(name), "not an integer"}
	}
	return n, nil
}

// bool returns a parameter as a boolean: true for "true" in any case, and for "1".
func (p params) bool(name string) bool {
	return strings.EqualFold(p.get(name), "true") || p.get(name) == "1"
}

// limit returns the maximum number of results that the request asks for. Grafana sends
// 0 for none.
func (p params) limit(fallback int) (int, error) {
	if p.get("limit") == "" {
		return fallback, nil
	}
	n, err := p.int("limit")
	switch {
	case err == nil && n < 0:
		err = &paramError{"limit", p.get("limit"), "below 0"}
	case n == 0:
		n = fallback
	}
	return n, err
}

// list returns all values of a parameter. Its name may end in [], as in PHP.
func (p params) list(name string) []string {
	if p.has(name) {
		return p[name]
	}
	return p[name+"[]"]
}

// location returns the time zone of tz. As in graphite-web, an unknown zone is ignored.
func (p params) location(fallback *time.Location) *time.Location {
	loc, err := attime.Zone(p.get("tz"))
	if err != nil {
		return fallback
	}
	return loc
}

// time returns a parameter as a time, relative to now; fallback if it is absent.
func (p params) time(name string, now, fallback time.Time) (time.Time, error) {
	if !p.has(name) {
		return fallback, nil
	}
	t, err := attime.Parse(p.get(name), now)
	if err != nil {
		return t, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// jsonp returns the name of the function to call with the answer, or "". The name
// becomes part of a script, so other texts are an error.
func (p params) jsonp() (string, error) {
	name := p.get("jsonp")
	if len(name) > 200 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$.[]") != "" {
		return "", &paramError{"jsonp", name, "not the name of a function"}
	}
	return name, nil
}

// values returns the last value of each parameter.
func (p params) values() url.Values {
	v := make(url.Values, len(p))
	for name := range p {
		v.Set(name, p.get(name))
	}
	return v
}

// truncate bounds the length of a text from a client in answers and logs.
func truncate(s string) string {
	const limit = 200
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
