package admin

// audit logs one write: who, from where, what, and how it ended. What was
// written is not in it.
func (x *exchange) audit(what string, err error) {
	outcome := "done"
	if err != nil {
		outcome = "refused"
	}
	attrs := []any{
		"by", x.caller.Name, "role", x.caller.Role.String(), "from", x.req.RemoteAddr(),
		"verb", x.req.Verb(), "path", x.req.RawPath(), "what", what, "outcome", outcome,
	}
	if x.flag("dry_run") {
		attrs = append(attrs, "dry_run", true)
	}
	x.log.Info("audit", attrs...)
}
