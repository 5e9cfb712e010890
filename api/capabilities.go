package api

import (
	"encoding/json"
	"net/http"
	"os"

	"carbon/codec/protobuf"
)

// capability is a CapabilityResponse. What is false is left out.
type capability struct {
	SupportedProtocols   []string `json:"supportedProtocols"` // the best first: carbonapi takes it
	Name                 string   `json:"name"`
	LikeSplittedRequests bool     `json:"likeSplittedRequests"` // requests may come in parts
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

// capabilities answers /_internal/capabilities, where carbonapi asks what messages
// it can send.
func (s *server) capabilities(w http.ResponseWriter, r *http.Request, p params) error {
	version, err := listFormat(r, p)
	if err != nil {
		return err
	}
	if version != 0 { // a CapabilityRequest, in which nothing is asked
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
	setMessageType(w, 3) // there is no other
	_, err = w.Write(protobuf.AppendBool(body, 5, c.LikeSplittedRequests))
	return err
}
