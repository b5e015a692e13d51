// Package arch has no code, only tests that hold the project to its own layout:
// which package may import which, and where each foreign library may be used. The
// rules stand in rules_test.go, in the order of docs/design.md.
package arch
