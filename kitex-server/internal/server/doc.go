// Package server runs one instance of the book service: ParseFlags reads what
// the command line says, Run serves until it is told to stop.
package server
