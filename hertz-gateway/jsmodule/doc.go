// Package jsmodule runs JavaScript and TypeScript modules around HTTP
// exchanges, in goja, inside the process.
//
// Build compiles one module; Host.NewChain puts the modules of a route in
// order; Chain.Begin opens a Session for one exchange, whose methods run the
// hooks. LoadDir does the first step for a directory of files. NewSuite is for
// files of tests.
//
// The package knows HTTP only through the small interfaces Request and
// Response, and services only through Caller. What crosses them is bytes and
// plain values, so that a module could live in another process.
//
// Nothing a module or a client's bytes do may end the process or hold it: a
// CPU budget interrupts JavaScript, a deadline ends waiting, the native
// built-ins that loop or allocate without looking at either are guarded by
// size, and a runtime that was interrupted is thrown away.
package jsmodule
