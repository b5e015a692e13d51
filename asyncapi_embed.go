// Package chatd embeds the contracts that chatd keeps: the AsyncAPI document of its
// WebSocket protocols and the OpenAPI document of its REST API.
package chatd

import _ "embed"

// AsyncAPI is asyncapi.yaml: the contract of the WebSocket protocols.
//
//go:embed asyncapi.yaml
var AsyncAPI []byte
