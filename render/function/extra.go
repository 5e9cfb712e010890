package function

// extraRows are the functions that carbonapi has and graphite-web has not.
var extraRows = []*Spec{}
