package api

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"carbon/records"
)

func (s *server) savedGraphRoutes() []Route {
	path := Param{Name: "path", Type: "string", Doc: "Branch of the tree of names, which dots separate."}
	return []Route{
		{
			Path: "/composer/mygraph", Methods: "GET POST", ID: "changeGraph", Changes: true, adminIf: "action=delete",
			Doc: "Saves a graph by its URL (SAVED), or deletes it (DELETED), which needs the right admin.",
			Params: []Param{
				{Name: "action", Type: "string", Doc: "What to do.", Options: []string{"delete", "save"}, Required: true},
				{Name: "graphName", Type: "string", Doc: "Name of the graph. Dots make a tree of names.", Required: true},
				{Name: "url", Type: "string", Doc: "URL of the graph."},
			},
			Answers: []string{mediaHTML},
			answer:  s.changeGraph,
		},
		{
			Path: "/browser/mygraph", Methods: "GET POST", ID: "graphTree", Doc: "Lists saved graphs and branches as a tree.",
			Params: []Param{path, jsonpParam}, Answers: []string{mediaJSON},
			answer: s.graphTree,
		},
		{
			Path: "/browser/usergraph", Methods: "GET POST", ID: "userGraphTree",
			Doc:     "The same as /browser/mygraph, below the user default, who owns all graphs.",
			Params:  []Param{{Name: "user", Type: "string", Doc: "Owner of the graphs: default."}, path, jsonpParam},
			Answers: []string{mediaJSON},
			answer:  s.userGraphTree,
		},
	}
}

// changeGraph answers /composer/mygraph: it saves or deletes the graph graphName.
func (s *server) changeGraph(w http.ResponseWriter, r *http.Request, p params) error {
	name := p.get("graphName")
	if err := checkName(name); err != nil {
		return err
	}
	switch action := p.get("action"); action {
	case "save":
		rawURL := p.get("url")
		if err := checkGraphURL(rawURL); err != nil {
			return err
		}
		if err := s.Documents.Save(r.Context(), records.Graph, name, rawURL); err != nil {
			return err
		}
		return answerText(w, "SAVED")
	case "delete":
		return s.deleteGraph(w, r, p)
	default:
		return &paramError{"action", action, "must be save or delete"}
	}
}

func (s *server) deleteGraph(w http.ResponseWriter, r *http.Request, p params) error {
	name := p.get("graphName")
	err := s.Documents.Delete(r.Context(), records.Graph, name)
	if errors.Is(err, records.ErrNotFound) {
		return answerText(w, "No such graph '"+djangoEscaper.Replace(name)+"'")
	}
	if err != nil {
		return err
	}
	s.Logger.Info("document deleted", "id", idOf(r), "remote", r.RemoteAddr, "kind", records.Graph, "name", truncate(name))
	return answerText(w, "DELETED")
}

// answerText answers with a word or a sentence.
func answerText(w http.ResponseWriter, word string) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	noCache(w)
	_, err := io.WriteString(w, word)
	return err
}

// checkGraphURL returns an error if a text cannot be the URL of a graph, which becomes a
// link in browsers.
func checkGraphURL(rawURL string) error {
	u, err := url.Parse(rawURL)
	switch {
	case rawURL == "":
		return missing("url")
	case err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https":
		return &paramError{"url", rawURL, "not a URL of a graph"}
	}
	return checkURLSize(rawURL)
}

// graphNode is a node in the tree of saved graphs.
type graphNode struct {
	Text          string `json:"text"` // HTML
	ID            string `json:"id"`
	URL           string `json:"graphUrl,omitempty"`
	AllowChildren int    `json:"allowChildren"`
	Expandable    int    `json:"expandable"`
	Leaf          int    `json:"leaf"`
}

// graphUser owns all graphs, which graphite-web saves per user.
const graphUser = "default"

// graphTree answers /browser/mygraph: the branches and graphs directly below path.
func (s *server) graphTree(w http.ResponseWriter, r *http.Request, p params) error {
	return s.answerGraphs(w, r, p, "", p.get("path"))
}

// userGraphTree answers /browser/usergraph: the users, or the branches and graphs of a
// user below path.
func (s *server) userGraphTree(w http.ResponseWriter, r *http.Request, p params) error {
	user, path := p.get("user"), p.get("path")
	if user == "" {
		user, path, _ = strings.Cut(path, ".")
	} else {
		path = strings.TrimPrefix(strings.TrimPrefix(path, user), ".")
	}
	if user == graphUser {
		return s.answerGraphs(w, r, p, user+".", path)
	}
	names, err := s.Documents.Names(r.Context(), records.Graph)
	if err != nil {
		return err
	}
	var nodes []graphNode
	if user == "" && len(names) > 0 {
		nodes = []graphNode{{Text: graphUser, ID: graphUser, AllowChildren: 1, Expandable: 1}}
	}
	return s.answerNodes(w, r, p, nodes)
}

func (s *server) answerGraphs(w http.ResponseWriter, r *http.Request, p params, owner, path string) error {
	names, err := s.Documents.Names(r.Context(), records.Graph)
	if err != nil {
		return err
	}
	if path = strings.TrimRight(path, "."); path != "" {
		path += "."
	}
	var nodes []graphNode
	seen := map[string]bool{}
	for _, name := range names {
		rest, below := strings.CutPrefix(name, path)
		if !below {
			continue
		}
		text, _, isBranch := strings.Cut(rest, ".")
		node := graphNode{Text: djangoEscaper.Replace(text)}
		if isBranch {
			node.ID, node.AllowChildren, node.Expandable = owner+path+text+".", 1, 1
		} else {
			sum := md5.Sum([]byte(text)) // as in graphite-web: differs from the IDs of branches
			node.ID, node.Leaf = owner+path+hex.EncodeToString(sum[:]), 1
		}
		if seen[node.ID] {
			continue
		}
		seen[node.ID] = true
		if !isBranch {
			v, err := s.Documents.Load(r.Context(), records.Graph, name, 0)
			if errors.Is(err, records.ErrNotFound) { // deleted after it was listed
				continue
			}
			if err != nil {
				return err
			}
			node.URL = v.State
		}
		nodes = append(nodes, node)
	}
	if owner != "" { // only in usergraph
		slices.SortStableFunc(nodes, func(a, b graphNode) int { return cmp.Compare(b.AllowChildren, a.AllowChildren) })
	}
	return s.answerNodes(w, r, p, nodes)
}

func (s *server) answerNodes(w http.ResponseWriter, r *http.Request, p params, nodes []graphNode) error {
	if len(nodes) == 0 {
		nodes = []graphNode{{Text: "No saved graphs", ID: "no-click", Leaf: 1}}
	}
	noCache(w)
	return s.answerValue(w, r, p, nodes)
}

// djangoEscaper escapes text for HTML as Django does.
var djangoEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;")
