// Command dgate-cli is the command line of the gateway: it works on IDL
// directories offline and talks to the admin API.
package main

import (
	"os"

	"dgate/dgate-cli/internal/cmd"
)

func main() {
	os.Exit(cmd.Main(os.Args[1:]))
}
