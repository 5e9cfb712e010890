package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"carbon/records"
)

// Documents stores dashboards, dashboard templates and saved graphs, with their earlier
// versions. *records.DB implements it, and documents the methods.
type Documents interface {
	Save(ctx context.Context, kind records.Kind, name, state string) error
	SaveTemporary(ctx context.Context, state string) (name string, err error)
	Load(ctx context.Context, kind records.Kind, name string, number int64) (records.Version, error)
	Names(ctx context.Context, kind records.Kind) ([]string, error)
	Versions(ctx context.Context, kind records.Kind, name string) ([]records.Version, error)
	Restore(ctx context.Context, kind records.Kind, name string, number int64) error
	Delete(ctx context.Context, kind records.Kind, name string) error
	Forget(ctx context.Context, kind records.Kind, name string) error
}

// noDocuments is the Documents of a server that could not open its database.
type noDocuments struct{}

func (noDocuments) Save(context.Context, records.Kind, string, string) error { return errNoRecords }
func (noDocuments) SaveTemporary(context.Context, string) (string, error)    { return "", errNoRecords }

func (noDocuments) Load(context.Context, records.Kind, string, int64) (records.Version, error) {
	return records.Version{}, errNoRecords
}

func (noDocuments) Names(context.Context, records.Kind) ([]string, error) { return nil, errNoRecords }

func (noDocuments) Versions(context.Context, records.Kind, string) ([]records.Version, error) {
	return nil, errNoRecords
}

func (noDocuments) Restore(context.Context, records.Kind, string, int64) error { return errNoRecords }

func (noDocuments) Delete(context.Context, records.Kind, string) error { return errNoRecords }

func (noDocuments) Forget(context.Context, records.Kind, string) error { return errNoRecords }

var errNoRecords = errors.New("dashboards, saved graphs and short URLs are not available: see the log of the server")

// maxName bounds the bytes of the name of a document.
const maxName = 255

// checkName returns an error if a document cannot have the name.
func checkName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return missing("name")
	case len(name) > maxName:
		return &limitError{fmt.Sprintf("name: more than %d bytes", maxName)}
	case strings.ContainsFunc(name, unicode.IsControl):
		return &paramError{"name", name, "contains control characters"}
	}
	return nil
}

// successAnswer is graphite-web's answer to a change.
type successAnswer struct {
	Success bool `json:"success"`
}

// failureAnswer is graphite-web's answer to a request that failed, with status 200.
type failureAnswer struct {
	Error string `json:"error"`
}

// answerRecord answers with JSON that caches must not keep. It ignores jsonp.
func (s *server) answerRecord(w http.ResponseWriter, r *http.Request, p params, v any) error {
	delete(p, "jsonp")
	noCache(w)
	return s.answerValue(w, r, p, v)
}
