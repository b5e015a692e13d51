// Package chatd holds the contracts of the program: the REST API and the v1 WebSocket
// protocol, word for word as they stand in the repository. It does nothing else.
package chatd

import _ "embed"

// OpenAPI is openapi.yaml, the contract of the REST API.
//
//go:embed openapi.yaml
var OpenAPI []byte

// AsyncAPI is asyncapi.yaml, the contract of the v1 protocol.
//
//go:embed asyncapi.yaml
var AsyncAPI []byte
