// Package breaking tells what a change of IDLs does to those who rely on them:
// the services behind the gateway, which run the old and the new IDL side by
// side while they are rolled out, and the callers in front of it, over HTTP and
// from modules. Compare is all of it; it is pure, and costs what has changed.
package breaking
