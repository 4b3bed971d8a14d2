// Package control changes the resources of a cluster: it checks a change by
// building the snapshot that would come of it, and commits it if nothing is
// wrong. Start with Control.Apply.
package control
