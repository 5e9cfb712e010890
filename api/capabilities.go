package api

import (
	"encoding/json"
	"net/http"
	"os"

	"carbon/codec/protobuf"
)

// capability is a CapabilityResponse. Fields that are false are left out.
type capability struct {
	SupportedProtocols   []string `json:"supportedProtocols"` // carbonapi uses the first that it knows
	Name                 string   `json:"name"`
	LikeSplittedRequests bool     `json:"likeSplittedRequests"` // clients may split requests
}

func (s *server) capabilitiesRoutes() []Route {
	return []Route{
		{
			Path: "/_internal/capabilities", Methods: "GET POST", ID: "capabilities", Doc: "Lists the protocols that this server speaks, for carbonapi.",
			Params: []Param{listFormatParam}, Answers: []string{mediaJSON, messages2, messages3},
			answer: s.capabilities, cors: true,
		},
	}
}

// capabilities answers /_internal/capabilities, where carbonapi asks for the protocols
// of a server.
func (s *server) capabilities(w http.ResponseWriter, r *http.Request, p params) error {
	version, err := listFormat(r, p)
	if err != nil {
		return err
	}
	if version != 0 { // a CapabilityRequest, which has no fields of interest
		if err := readFields(r, func(protobuf.Field) error { return nil }); err != nil {
			return err
		}
	}
	name, err := os.Hostname()
	if err != nil {
		name = "(unknown)"
	}
	c := capability{
		SupportedProtocols:   []string{"carbonapi_v3_pb", "carbonapi_v2_pb", "graphite-web-pickle", "graphite-web-pickle-1.1"},
		Name:                 name,
		LikeSplittedRequests: true,
	}
	if version == 0 {
		body, err := json.Marshal(c)
		if err != nil {
			return err
		}
		return s.answerJSON(w, r, p, func(b []byte) []byte { return append(b, body...) })
	}
	var body []byte
	for _, protocol := range c.SupportedProtocols {
		body = protobuf.AppendItem(body, 1, protocol)
	}
	body = protobuf.AppendString(body, 2, c.Name)
	setMessageType(w, 3) // version 3 is the only one
	_, err = w.Write(protobuf.AppendBool(body, 5, c.LikeSplittedRequests))
	return err
}
