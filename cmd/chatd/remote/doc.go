// Package remote has the commands with which chatd is a client: of a server's REST API, with an API key. What they
// print is a table for people, or with --json what the server said.
package remote
