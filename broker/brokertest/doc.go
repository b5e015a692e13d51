// Package brokertest is the suite that every broker has to pass: what chat.Bell,
// chat.Presence and chat.Limiter promise, tried from outside.
//
// It takes nothing for granted that the interfaces don't say. A broker may tell its
// listeners before Announce returns or soon after, so the suite waits for what must
// come, and to see that something does not come it announces something else behind it.
package brokertest
