// Package cli is what all commands share: the streams and connection they work
// with (Env), the ways to print a result (Print), and the errors that decide
// the exit code (ExitCode).
package cli
