package servicemapping

// Bind makes a route to m that no annotation asks for. verb is a method or
// "ANY", path a template of package router. A path parameter fills the field that
// has its name in JSON or in an annotation, wherever the annotation looks for it;
// everything else is as on annotated routes. The warnings tell what the author of the route may
// not have meant, such as a parameter that no field reads.
func (m *Method) Bind(verb, path string, s Settings) (b *Binding, warnings []string, err error) {
	b = &Binding{Method: m, Verb: verb, Path: path}
	in := m.Generic.in
	if len(m.Bindings) > 0 {
		in.serializer = m.Bindings[0].Plan.in.serializer
	}
	in.binding, in.settings, in.pathByName = b, s, true
	in.report = func(_ *fieldRules, _, message string) { warnings = append(warnings, message) }
	b.Plan, err = newPlan(in)
	return b, warnings, err
}
