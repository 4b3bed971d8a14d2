// Package moduletest runs modules outside a gateway: files of tests
// (*.test.ts, *.test.js), cases written as JSON (*.case.json), and single
// exchanges. Find lists the files of a directory, Run runs them, Play plays one
// exchange.
//
// Everything runs in goja, in the host that gateways have, with its limits, and
// offline: Mocks answer for services, secrets and state.
package moduletest
