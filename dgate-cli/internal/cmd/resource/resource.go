// Package resource holds create, delete, list and get, which are the same for
// every kind of resource.
package resource

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

// timeout bounds one request to the admin API.
const timeout = 30 * time.Second

// shorts are what the commands of a kind are about.
var shorts = map[api.Kind]string{
	api.KindNamespace:  "Keep resources apart",
	api.KindDomain:     "Which hosts belong to a namespace",
	api.KindIDL:        "Thrift files in the store",
	api.KindSecret:     "Values that only modules read",
	api.KindCollection: "Sets of documents",
	api.KindModule:     "Programs around exchanges",
	api.KindService:    "Where routes send requests",
	api.KindRoute:      "What is done with the requests of some paths",
	api.KindConsumer:   "Who calls the gateway",
	api.KindDocument:   "Data of collections",
}

// New makes the noun of a kind with its verbs.
func New(env *cli.Env, kind api.Kind) *cobra.Command {
	cmd := cli.Group(&cobra.Command{Use: string(kind), Aliases: kind.Aliases(), Short: shorts[kind]})
	cmd.AddCommand(Verbs(env, kind)...)
	return cmd
}

// Verbs are the commands of a kind, for a noun that has others too.
func Verbs(env *cli.Env, kind api.Kind) []*cobra.Command {
	return []*cobra.Command{newCreate(env, kind), newDelete(env, kind), newList(env, kind), newGet(env, kind)}
}

// where takes namespace and collection out of an object, as a query has them.
func where(kind api.Kind, o map[string]json.RawMessage) api.ListQuery {
	q := api.ListQuery{Namespace: text(o, "namespace")}
	if kind == api.KindDocument {
		q.Collection = text(o, "collection")
	}
	return q
}

// named parses the arguments of a command about one resource.
func named(kind api.Kind, args []string) (name string, q api.ListQuery, rest map[string]json.RawMessage, err error) {
	o, err := object(kind, args)
	if err != nil {
		return "", q, nil, err
	}
	name, q = text(o, nameField(kind)), where(kind, o)
	if name == "" {
		return "", q, nil, cli.Usagef("write "+nameField(kind)+"=NAME", "%s is missing", nameField(kind))
	}
	if kind == api.KindDocument && q.Collection == "" {
		return "", q, nil, cli.Usagef("write collection=NAME", "collection is missing")
	}
	return name, q, o, nil
}

// complete offers the names that there are, and field= for what follows.
func complete(env *cli.Env, kind api.Kind) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 || kind == api.KindDocument {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		client, err := env.Client()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), time.Second)
		defer cancel()
		items, err := client.List(ctx, kind, api.ListQuery{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []string
		for _, item := range items {
			var m api.Meta
			if json.Unmarshal(item, &m) == nil {
				names = append(names, m.Name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// Writing adds the flags that every write has.
func Writing(cmd *cobra.Command, o *api.WriteOptions) {
	f := cmd.Flags()
	f.BoolVar(&o.DryRun, "dry-run", false, "check everything, write nothing")
	f.BoolVar(&o.Wait, "wait", false, "wait until every gateway serves the change")
	f.StringVarP(&o.Message, "message", "m", "", "a `text` for the history")
}
