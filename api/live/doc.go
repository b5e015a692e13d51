// Package live measures how this node is doing: what there is at the moment, and how it went over the last five
// minutes, hour and day. It counts what others tell it (Announced) and asks once a second for the rest.
//
// What it guarantees: memory is bounded whatever happens, and whoever tells it something never waits for anybody but
// others who do.
//
// What it leaves to others: showing it (api), and Prometheus, which asks the sources itself (cmd/chatd).
package live
