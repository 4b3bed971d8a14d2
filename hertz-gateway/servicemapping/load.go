package servicemapping

import "io/fs"

// Options of Load.
type Options struct {
	// Previous is the mapping being replaced: services whose files and
	// includes have not changed are taken from it as they are, and a file that
	// no longer parses keeps its last good version serving (with a diagnostic).
	Previous *Mapping
	// Settings apply to every plan.
	Settings Settings
}

// Load reads every *.thrift file below the root of dir. It never fails as a
// whole for what a file says: problems are in Mapping.Diagnostics. The error
// is for a directory that cannot be read.
func Load(dir fs.FS, o Options) (*Mapping, error) {
	panic("to be written")
}
