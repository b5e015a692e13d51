// Package e2e holds the end-to-end tests: the real program, built by the tests and
// started as a process of its own on a free port, spoken to by the Go client and by
// bare WebSockets.
//
// Every text frame that passes, either way, is held against asyncapi.yaml; the log of
// every server is searched for data races and for secrets. What runs on a database runs
// on SQLite and on a PostgreSQL that the tests start.
//
// The tests are short by default. With CHATD_TEST_LONG=1 they take the sizes and
// durations that the promises speak of; they print the figures that they measured.
package e2e
