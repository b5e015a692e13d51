// Package peer has the servers that chatd is measured against, each run as a process of
// its own: a server on the centrifuge library with what its users have switched on, the
// room server that Melody's documentation shows, the same on gws, and two that do nothing
// but the system calls, the limits.
//
// A room is the path /ws/chat/{room}, but for centrifuge, which has one address and channels.
package peer
