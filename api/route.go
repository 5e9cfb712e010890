package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Route is a row of the table of routes: one operation and everything that is known
// about it. The router, the access rules, the error answers, the request metrics,
// /-/openapi.json and docs/http-api.md read the rows.
type Route struct {
	// Path is a pattern of chi, such as "/dashboard/load/{name}". A request may add a
	// slash at the end. Rows may share a path if their methods differ.
	Path string

	// Methods are separated by spaces: "GET POST". A row that answers GET and changes
	// nothing answers HEAD too.
	Methods string

	Right   Right // what a request needs; the zero value is Read
	Changes bool  // the operation changes what the server keeps

	// Handler answers requests. It gets the body unread and bounds its own work. A
	// panic in it ends its own request only. Reading more than Options.MaxBody bytes
	// of the body is an *http.MaxBytesError; another error of reading means 503.
	Handler http.Handler

	ID      string   // of the operation in OpenAPI; of two methods POST gets the suffix Post
	Doc     string   // what the operation does
	Params  []Param  // in the path, the query or a posted form
	Example string   // a JSON body; empty: none is taken
	Takes   []string // media types of other bodies
	Answers []string // media types of answers

	// The rows of this package have these fields in place of Handler.

	answer     handler
	cost       cost
	body       bodyKind
	maxBody    int64  // bytes of a body; 0: Options.MaxBody
	adminIf    string // "name=value": a request with this parameter needs the right Admin
	jsonErrors bool   // errors are always JSON, as in graphite-web
	cors       bool   // scripts of pages of any site may read the answers
}

// Right is what a request needs to be answered.
type Right int

// The rights, with what gives them in Access.
const (
	Read   Right = iota // a read token or a user, if there are any
	Ingest              // an ingest token or a user, if there are ingest tokens
	Admin               // Read, and the admin token; without one, a program on this machine
	Public              // nothing
)

func (r Right) String() string { return [...]string{"read", "ingest", "admin", "none"}[r] }

// handler answers a request that has parameters p, or returns why it cannot.
type handler func(w http.ResponseWriter, r *http.Request, p params) error

// cost is what a route may take of the server.
type cost int

const (
	query cost = iota // one of the Options.MaxRequests that are answered at once
	light             // hardly anything: answered under any load, and gets no parameters
)

// bodyKind is what becomes of a request's body.
type bodyKind int

const (
	formBody       bodyKind = iota // a posted form is read as parameters, others are left to the handler
	jsonParamsBody                 // a JSON object is read as parameters too
	rawBody                        // the handler reads it, whatever its Content-Type; it gets no parameters
)

// Param documents a parameter of a route.
type Param struct {
	Name     string
	Type     string // string, integer, number or boolean; "list of ..." may be given several times
	Doc      string
	Options  []string // the values it may have; nil: any
	Required bool
}

// required returns p as a parameter that must be given.
func (p Param) required() Param {
	p.Required = true
	return p
}

// methods returns all methods that the route answers, but for OPTIONS of CORS.
func (rt *Route) methods() []string {
	all := strings.Fields(rt.Methods)
	if slices.Contains(all, http.MethodGet) && !rt.Changes {
		all = append(all, http.MethodHead)
	}
	return all
}

// checkRoutes panics if the table of routes is not complete and without conflicts.
func checkRoutes(routes []Route) {
	seen := map[string]bool{}
	once := func(rt *Route, what string) {
		if seen[what] {
			panic(fmt.Sprintf("route %s %s: second %s", rt.Methods, rt.Path, what))
		}
		seen[what] = true
	}
	for i := range routes {
		rt := &routes[i]
		switch {
		case rt.Path == "" || rt.Methods == "" || rt.ID == "" || rt.Doc == "":
			panic(fmt.Sprintf("route %s %s: path, methods, ID or doc is missing", rt.Methods, rt.Path))
		case (rt.Handler == nil) == (rt.answer == nil):
			panic(fmt.Sprintf("route %s %s: needs one handler", rt.Methods, rt.Path))
		}
		once(rt, "ID "+rt.ID)
		for _, method := range rt.methods() {
			once(rt, method+" "+rt.Path)
		}
		for _, p := range rt.Params {
			if p.Name == "" || p.Type == "" || p.Doc == "" {
				panic(fmt.Sprintf("route %s %s: parameter %q lacks a type or a doc", rt.Methods, rt.Path, p.Name))
			}
		}
	}
}
