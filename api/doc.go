// Package api is chatd's HTTP server: the REST API under /api/v1 as openapi.yaml
// describes it, the pages, and the addresses that machines ask (/healthz, /readyz,
// /metrics). The WebSocket routes are handlers that it is given.
//
// What it guarantees:
//
//   - The contract. Every request is validated against openapi.yaml before a handler
//     sees it; a test fails when a route or a response differs from it.
//   - One way to refuse: application/problem+json (RFC 9457) with a stable code. The
//     text of an internal error never leaves the server; the log has it, with the
//     id that the client was told.
//   - Secrets stay out of the log: it holds paths, never queries, cookies or
//     Authorization headers.
//   - Credentials are asked at each request: a key that was revoked, a session that was
//     ended and an account that was disabled are worthless at once. The scope that an
//     operation names is asked for in one place, before its handler, and by the core again.
//   - A request with an Idempotency-Key acts once; its answer is kept within the act, sealed
//     under a key that is stored nowhere.
//   - Passwords and keys are looked up and checked at a bounded rate, by address and by
//     account; one address can't use up what an account's owner may try from another.
//
// What it leaves to others: who may do what (chat), who holds which account or key
// (chat.Accounts), sockets (ws), listening and stopping (cmd/chatd).
package api

//go:generate go tool oapi-codegen -config oapi-codegen.yaml ../openapi.yaml
