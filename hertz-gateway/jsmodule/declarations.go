package jsmodule

import _ "embed" // for dgate.d.ts

//go:embed dgate.d.ts
var declarations string

// Declarations are the TypeScript declarations of what modules find: the
// globals and the imports "dgate…", but for "dgate/rpc", whose clients depend on
// the IDLs.
func Declarations() string { return declarations }
