// Package process starts the programs of a comparison, reads what CPU time they
// have used, and ends them. Linux only: CPU time comes from /proc. Start with
// Start.
package process
