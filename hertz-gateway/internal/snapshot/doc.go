// Package snapshot compiles what is wanted (the mapping of the IDLs, modules,
// settings) into a Snapshot: immutable, every name resolved, ready to serve.
// Start with Build, then Current.Pin and Snapshot.Match.
package snapshot
