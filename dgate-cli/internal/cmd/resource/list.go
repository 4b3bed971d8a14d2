package resource

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

func newList(env *cli.Env, kind api.Kind) *cobra.Command {
	label := ""
	cmd := &cobra.Command{
		Use:     "list [namespace=NAME]",
		Aliases: []string{"ls"},
		Short:   "List them",
		RunE: func(cmd *cobra.Command, args []string) error {
			return list(cmd.Context(), env, kind, args, label)
		},
	}
	if kind != api.KindDocument {
		cmd.Flags().StringVar(&label, "label", "", "only those with the label `KEY=VALUE`")
	}
	return cmd
}

func list(ctx context.Context, env *cli.Env, kind api.Kind, args []string, label string) error {
	if len(args) > 0 && !strings.Contains(args[0], "=") {
		return cli.Usagef("`get` shows one", "list takes no name")
	}
	o, err := object(kind, args)
	if err != nil {
		return err
	}
	q := where(kind, o)
	q.Label = label
	client, err := env.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	items, err := client.List(ctx, kind, q)
	if err != nil {
		return err
	}
	if items == nil {
		items = []json.RawMessage{}
	}
	return env.Print(items, func(t *cli.Table) {
		columns := columnsOf(kind)
		heads := []string{strings.ToUpper(nameField(kind))}
		for _, c := range columns {
			heads = append(heads, strings.ToUpper(c))
		}
		t.Row(append(heads, "REVISION")...)
		for _, item := range items {
			var members map[string]json.RawMessage
			if json.Unmarshal(item, &members) != nil {
				continue
			}
			cells := []string{cell(members[nameField(kind)])}
			for _, c := range columns {
				cells = append(cells, cell(members[c]))
			}
			t.Row(append(cells, cell(members["revision"]))...)
		}
	})
}

// columnsOf are the fields of a kind that fit on a line.
func columnsOf(kind api.Kind) []string {
	return map[api.Kind][]string{
		api.KindDomain:     {"patterns", "priority"},
		api.KindService:    {"destination", "idlService", "urls"},
		api.KindRoute:      {"methods", "paths", "service", "rpcMethod", "modules"},
		api.KindModule:     {"moduleType", "permissions"},
		api.KindCollection: {"visibility"},
		api.KindIDL:        {"main", "service"},
		api.KindDocument:   {"data"},
	}[kind]
}

// cell is a JSON value on a line.
func cell(v json.RawMessage) string {
	var text string
	var items []string
	var number json.Number
	switch {
	case json.Unmarshal(v, &text) == nil:
		return text
	case json.Unmarshal(v, &items) == nil:
		return strings.Join(slices.Clone(items), ",")
	case json.Unmarshal(v, &number) == nil:
		if n, err := strconv.ParseInt(number.String(), 10, 64); err == nil {
			return strconv.FormatInt(n, 10)
		}
	}
	const most = 60
	if len(v) > most {
		return strings.ToValidUTF8(string(v[:most]), "") + "…"
	}
	return string(v)
}
