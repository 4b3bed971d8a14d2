package api

// Error is a request to the admin API that failed.
type Error struct {
	// Problem is what the gateway answered. Its Status is 0 when no answer came.
	Problem Problem
	// Hint is what to try next, in one sentence; it may be empty.
	Hint string
	// Cause is why no answer came.
	Cause error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Problem.Title + ": " + e.Cause.Error()
	}
	return e.Problem.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// hints are next steps by problem code. Never written to.
var hints = map[Code]string{
	Unauthorized:     "give credentials with --auth or DGATE_ADMIN_AUTH",
	NotFound:         "`list` shows what there is; another namespace is named with namespace=NAME",
	ServiceNotFound:  "`dgate-cli status` lists the services",
	MethodNotFound:   "`dgate-cli idl routes DIR` lists the methods of a directory of IDLs",
	AmbiguousService: "name the service by its IDL file or its registry name",
	NoInstance:       "`dgate-cli status` lists the instances that are registered",
	UpstreamFailed:   "the logs of the gateway and of the service tell more",
	Timeout:          "`dgate-cli status` shows the instances; the logs of the service tell more",
}
