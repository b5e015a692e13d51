// Package chatd holds the contracts of the program: the REST API and the v1 WebSocket
// protocol, word for word as they stand in the repository. It does nothing else.
package chatd

import _ "embed"

// OpenAPI is openapi.yaml, the contract of the REST API.
//
//go:embed openapi.yaml
var OpenAPI []byte
