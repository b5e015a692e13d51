// Package config reads what an operator decides, from flags, the environment and
// chatd.yaml, into one struct.
//
// What it guarantees:
//
//   - One precedence: a flag beats the environment, which beats the file, which
//     beats the default.
//   - One word for a setting everywhere: --edit-window, CHATD_EDIT_WINDOW and
//     edit_window in the file.
//   - All problems at once: whatever is wrong in any source is told in one error,
//     each with the setting, the value, where it came from and what is allowed.
//   - No secret is printed: a Secret shows as "(hidden)" however it is formatted.
//   - Parse reads its arguments and one file; it looks at nothing else of the process.
//
// Kong knows the grammar of the command line and prints the help. Its own
// environment variables and configuration files aren't used: they stop at the first
// problem, read the process's environment, and rank the file above it.
//
// It imports no other package of chatd; cmd/chatd hands the settings on.
package config
