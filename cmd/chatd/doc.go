// Command chatd serves chat rooms: it reads the configuration, wires the packages
// together, runs them, and stops them in order.
//
// What it guarantees:
//
//   - A wrong setting stops the start with a message that names the setting, the
//     value and what is allowed.
//   - The parts start in the order in which they need each other and stop in the
//     reverse order, each after what it started has ended: no new connections,
//     sessions closed with "going away", the core, the store. A stop takes no longer
//     than its bound.
//   - Secrets are printed at most once, on the standard output, and never logged.
//
// It is the only package that knows every other. It leaves all that chatd does to
// them.
package main
