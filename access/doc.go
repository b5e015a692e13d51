// Package access finds out who knocks: what api and ws both need to know about a
// request before the core is asked anything. Tokens of signed-in users (JWT),
// signed identities of guests, the client's address behind proxies, the Origin
// check, passwords of staff, API keys, and keeping all of these out of logs.
//
// What it guarantees:
//
//   - A token is believed only if its algorithm is allowed by configuration and a
//     key made for that very algorithm has signed it. Nothing within a token says
//     where a key is to be found.
//   - A guest's token and a user's token can't stand in for each other: they differ
//     in form, in key and in what is signed.
//   - Forwarding headers count only when the peer is a trusted proxy; by default
//     none is, the machine itself included.
//   - Every refusal is a *chat.Error whose sentence names what is wrong with the
//     token and repeats nothing of it.
//   - Constructors start nothing. Tokens.Run refreshes keys from a JWKS address;
//     without it they are fetched when a token needs them. All types are safe for
//     concurrent use.
//
// What it leaves to others: what an actor may do (chat), sessions and roles of staff
// (api), and telling a refusal to a browser (ws).
package access
