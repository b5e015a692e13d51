package chatd

import _ "embed"

// OpenAPI is openapi.yaml: the contract of the REST API.
//
//go:embed openapi.yaml
var OpenAPI []byte
