// Package storetest is the conformance suite of the store: what chat.Log, chat.Directory
// and chat.Accounts promise, tried on a real database. Every database that the store
// supports runs the same suite, so that what holds on one holds on the other.
package storetest
