package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"dgate/dgate-cli/internal/cli"
	"dgate/dgate-cli/internal/cmd/resource"
	"dgate/hertz-gateway/api"
)

// difference is the answer of diff for programs.
type difference struct {
	Added   int      `json:"added"`
	Changed int      `json:"changed"`
	Removed int      `json:"removed"`
	Changes []change `json:"changes"`
}

type change struct {
	api.Ref
	// Change is "added", "changed" or "removed".
	Change string            `json:"change"`
	Fields map[string]fields `json:"fields,omitempty"`
}

type fields struct {
	Old json.RawMessage `json:"old,omitempty"`
	New json.RawMessage `json:"new,omitempty"`
}

func (o *options) diff(ctx context.Context) error {
	var client *api.Client
	var set []json.RawMessage
	applied, err := o.send(ctx, func(ctx context.Context, c *api.Client, s []json.RawMessage) (*api.Applied, error) {
		client, set = c, s
		o.write.Force = true // what breaks is a change too: it is shown with its warnings
		return c.Apply(ctx, s, o.write)
	})
	if err != nil {
		return err
	}
	if err := resource.Tell(o.env, &api.Applied{Warnings: applied.Warnings}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	exported, err := client.Export(ctx, "")
	if err != nil {
		return err
	}
	old, wanted := byRef(exported), byRef(set)
	d := difference{Added: len(applied.Created), Changed: len(applied.Updated), Removed: len(applied.Deleted), Changes: []change{}}
	for _, c := range []struct {
		refs []api.Ref
		what string
	}{{applied.Created, "added"}, {applied.Updated, "changed"}, {applied.Deleted, "removed"}} {
		for _, r := range c.refs {
			d.Changes = append(d.Changes, change{r, c.what, changed(old[r], wanted[r], c.what)})
		}
	}
	if err := o.env.Print(d, func(t *cli.Table) { d.table(t) }); err != nil {
		return err
	}
	if len(d.Changes) > 0 {
		return &cli.FindingsError{Summary: fmt.Sprintf("%d added, %d changed, %d removed", d.Added, d.Changed, d.Removed)}
	}
	return nil
}

func (d *difference) table(t *cli.Table) {
	signs := map[string]string{"added": "+", "changed": "~", "removed": "-"}
	for _, c := range d.Changes {
		t.Line(fmt.Sprintf("%s %s %s/%s", signs[c.Change], c.Kind, cli.Printable(c.Namespace), cli.Printable(c.Name)))
		for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
			f := c.Fields[name]
			t.Line(fmt.Sprintf("    %s: %s → %s", cli.Printable(name), short(f.Old), short(f.New)))
		}
	}
}

func short(v json.RawMessage) string {
	const most = 100
	switch {
	case v == nil:
		return "(absent)"
	case len(v) > most:
		return cli.Printable(string(v[:most])) + "…"
	}
	return cli.Printable(string(v))
}

// byRef indexes resources by their names.
func byRef(set []json.RawMessage) map[api.Ref]map[string]json.RawMessage {
	out := map[api.Ref]map[string]json.RawMessage{}
	for _, text := range set {
		r, err := api.DecodeResource(text)
		if err != nil {
			continue // refused by the gateway before, with its place
		}
		body, err := json.Marshal(r)
		if err != nil {
			continue
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(body, &members) == nil {
			m := r.Head()
			out[api.Ref{Kind: r.Kind(), Namespace: m.Namespace, Name: m.Name}] = members
		}
	}
	return out
}

// changed lists the fields that differ; for a resource that is added or removed none.
func changed(old, wanted map[string]json.RawMessage, what string) map[string]fields {
	if what != "changed" {
		return nil
	}
	out := map[string]fields{}
	for name := range maps.Keys(old) {
		if string(old[name]) != string(wanted[name]) {
			out[name] = fields{old[name], wanted[name]}
		}
	}
	for name := range maps.Keys(wanted) {
		if old[name] == nil {
			out[name] = fields{nil, wanted[name]}
		}
	}
	return out
}
