// Package compare runs the comparison: it starts the backend and all variants,
// checks that they answer alike, and measures them in turn, round after round.
// Start with Run.
package compare
