package api

import (
	"net/http"
	"testing"
)

func TestSavedGraphs(t *testing.T) {
	f := newRecords(t, nil)
	const get, none = http.MethodGet, `[{"text":"No saved graphs","id":"no-click","allowChildren":0,"expandable":0,"leaf":1}]`
	save := func(name, address string) {
		t.Helper()
		f.want(t, get, "/composer/mygraph/?action=save&graphName="+name+"&url="+address, "", 200, "SAVED")
	}
	f.want(t, get, "/browser/mygraph/", "", 200, none)
	f.want(t, get, "/browser/usergraph?path=", "", 200, none)
	save("top", "/render/%3Ftarget%3Da")
	save("web.cpu", "http://g/render")
	save("web.db.disk", "x")
	save("web.%3Cio%3E", "y")
	save("web.cpu", "http://g/render%3Fb") // again
	f.want(t, get, "/browser/mygraph?path=", "", 200, `[{"text":"top","id":"b28354b543375bfa94dabaeda722927f","graphUrl":"/render/?target=a","allowChildren":0,"expandable":0,"leaf":1},`+
		`{"text":"web","id":"web.","allowChildren":1,"expandable":1,"leaf":0}]`)
	const cpu = `{"text":"cpu","id":"web.d9747e2da342bdb995f6389533ad1a3d","graphUrl":"http://g/render?b","allowChildren":0,"expandable":0,"leaf":1}`
	f.want(t, get, "/browser/mygraph?path=web.&jsonp=f", "", 200, `f([{"text":"\u0026lt;io\u0026gt;","id":"web.8bcfc445158dbb01d0d4599384f79e20","graphUrl":"y","allowChildren":0,"expandable":0,"leaf":1},`+
		cpu+`,{"text":"db","id":"web.db.","allowChildren":1,"expandable":1,"leaf":0}])`)
	f.want(t, get, "/browser/usergraph?path=", "", 200, `[{"text":"default","id":"default","allowChildren":1,"expandable":1,"leaf":0}]`)
	f.want(t, get, "/browser/usergraph?path=default.web.db", "", 200, `[{"text":"disk","id":"default.web.db.75688b0220ad16c4e02152b6c2b56424","graphUrl":"x","allowChildren":0,"expandable":0,"leaf":1}]`)
	f.want(t, get, "/browser/usergraph?user=default&path=default.", "", 200, `[{"text":"web","id":"default.web.","allowChildren":1,"expandable":1,"leaf":0},`+
		`{"text":"top","id":"default.b28354b543375bfa94dabaeda722927f","graphUrl":"/render/?target=a","allowChildren":0,"expandable":0,"leaf":1}]`)
	f.want(t, get, "/browser/usergraph?user=joe&path=joe", "", 200, none)
	f.want(t, get, "/composer/mygraph?action=delete&graphName=top", "", 200, "DELETED")
	f.want(t, get, "/composer/mygraph?action=delete&graphName=%3Cno%27such%3E", "", 200, "No such graph '&lt;no&#x27;such&gt;'")
	for path, reason := range map[string]string{
		"?action=save":             "name: missing\n",
		"?action=save&graphName=x": "url: missing\n",
		"?action=save&graphName=x&url=javascript%3Aalert(1)": "url: not a URL of a graph: \"javascript:alert(1)\"\n",
		"?graphName=x":          "action: must be save or delete\n",
		"?graphName=x&action=y": "action: must be save or delete: \"y\"\n",
	} {
		f.want(t, get, "/composer/mygraph"+path, "", 400, reason)
	}
}
