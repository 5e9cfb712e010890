package api

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"carbon/codec/protobuf"
)

// messageFormats are the formats of carbonapi and go-carbon, with the version of their
// Protocol Buffers messages.
var messageFormats = map[string]int{
	"protobuf": 2, "protobuf3": 2, "carbonapi_v2_pb": 2,
	"carbonapi_v3_pb": 3,
}

// Media types of the messages.
const (
	messages2 = "application/x-protobuf"
	messages3 = "application/x-carbonapi-v3-pb"
)

// messageVersion returns the version of messages that a request asks for, or 0. Its
// Accept header wins over its format.
func messageVersion(r *http.Request, p params) int {
	if strings.Contains(r.Header.Get("Accept"), messages3) {
		return 3
	}
	return messageFormats[p.get("format")]
}

// setMessageType sets the Content-Type of an answer in messages of a version.
func setMessageType(w http.ResponseWriter, version int) {
	mediaType := messages2
	if version == 3 {
		mediaType = messages3
	}
	w.Header().Set("Content-Type", mediaType)
}

// readFields reads the body of a request as a message and calls f with each of its
// fields. carbonapi sends bodies with GET too.
func readFields(r *http.Request, f func(protobuf.Field) error) error {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = eachField(body, f)
	}
	if err != nil {
		return &bodyError{err}
	}
	return nil
}

func eachField(message []byte, f func(protobuf.Field) error) error {
	for len(message) > 0 {
		field, rest, err := protobuf.Next(message)
		if err == nil {
			err = f(field)
		}
		if err != nil {
			return err
		}
		message = rest
	}
	return nil
}

// readText reads a field that is text.
func readText(f protobuf.Field, into *string) error {
	b, err := f.Bytes()
	*into = strings.ToValidUTF8(string(b), "\uFFFD")
	return err
}

// readInt reads a field that is a number.
func readInt(f protobuf.Field, into *int64) (err error) {
	*into, err = f.Int()
	return err
}

// globRequest is a MultiGlobRequest of carbonapi_v3_pb.
type globRequest struct {
	patterns    []string
	from, until int64 // 0: no bound
}

func (g *globRequest) read(f protobuf.Field) error {
	switch f.Number {
	case 1:
		var pattern string
		err := readText(f, &pattern)
		g.patterns = append(g.patterns, pattern)
		if err == nil && len(g.patterns) > maxParams {
			err = &limitError{fmt.Sprintf("more than %d metrics", maxParams)}
		}
		return err
	case 2:
		return readInt(f, &g.from)
	case 3:
		return readInt(f, &g.until)
	}
	return nil
}

// fetchRequest is a FetchRequest of carbonapi_v3_pb. carbonapi sets its fields for
// filtering functions and numbers of points only for servers that support them.
type fetchRequest struct {
	name, pathExpression string
	from, until          int64
}

func (q *fetchRequest) read(f protobuf.Field) error {
	switch f.Number {
	case 1:
		return readText(f, &q.name)
	case 2:
		return readInt(f, &q.from)
	case 3:
		return readInt(f, &q.until)
	case 5:
		return readText(f, &q.pathExpression)
	}
	return nil
}

// readFetches reads a MultiFetchRequest.
func readFetches(r *http.Request) ([]fetchRequest, error) {
	var all []fetchRequest
	err := readFields(r, func(f protobuf.Field) error {
		if f.Number != 1 {
			return nil
		}
		message, err := f.Bytes()
		if err != nil {
			return err
		}
		if len(all) == maxParams {
			return &limitError{fmt.Sprintf("more than %d metrics", maxParams)}
		}
		all = append(all, fetchRequest{})
		return eachField(message, all[len(all)-1].read)
	})
	return all, err
}
