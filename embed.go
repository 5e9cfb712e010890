// Package carbon holds what is built into the binary from the top of the
// repository, because go:embed cannot look upwards.
package carbon

import _ "embed"

// StorageSchemas is the storage-schemas.conf used where the site has none.
//
//go:embed storage-schemas.conf
var StorageSchemas []byte
