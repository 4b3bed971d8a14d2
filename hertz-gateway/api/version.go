package api

import "runtime/debug"

// version is set by the linker: scripts/build.sh.
var version string

// Version of this build: what the build script gave, else what the go command
// knows of the main module, else "dev".
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
