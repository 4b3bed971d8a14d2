// Package fetch makes the HTTP requests of modules: to the hosts that they were
// granted, and to private networks only where a grant names the host. The
// address is checked when it is dialled, so that a name cannot change what it
// leads to in between.
package fetch
