// Package rest is the Go client of chatd's REST API: a method for every operation of openapi.yaml, made from it.
//
//	c, err := rest.New("https://chat.example.org", rest.Options{Key: os.Getenv("CHATD_API_KEY")})
//	rooms, err := c.ListRoomsWithResponse(ctx, nil)
//	for _, r := range rooms.JSON200.Items { … }
//
// What it guarantees:
//
//   - A refusal is an error of type *Problem, with the stable code of docs/errors.md; what a method returns without an
//     error is an answer that the contract documents.
//   - A request can be repeated: every POST carries an Idempotency-Key, and passing failures (no answer, 429 and 503 with a short
//     Retry-After) are repeated with the same one, at most Options.Tries times.
//   - Answers are bounded in size but for the streams (ExportActs, Stream), which the caller reads from the plain methods of Client.
//
// Fields, enum values and headers that it doesn't know it ignores.
package rest

//go:generate go tool oapi-codegen -config oapi-codegen.yaml ../../openapi.yaml
