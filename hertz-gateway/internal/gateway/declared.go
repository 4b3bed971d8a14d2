package gateway

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/control"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/manifest"
)

// Declared is a resource of the configuration file.
type Declared struct {
	Resource api.Resource
	// Place gives file and line of what a JSON pointer names in it.
	Place func(pointer string) string
}

// declareAgain is how long to wait before trying again while etcd is away.
const declareAgain = 500 * time.Millisecond

// resources reads what `dgate-cli apply` takes.
func (r *fileReader) resources(n *yaml.Node) {
	items, err := manifest.Inline(r.path, n)
	if err != nil {
		r.wrong = append(r.wrong, err.Error())
		return
	}
	for i := range items {
		resource, err := api.DecodeResource(items[i].JSON)
		var invalid *api.InvalidError
		switch {
		case errors.As(err, &invalid):
			for _, e := range invalid.Errors {
				r.wrong = append(r.wrong, fmt.Sprintf("%s: %s: %s", items[i].Place(e.Pointer), e.Pointer, e.Detail))
			}
		case err != nil:
			r.wrong = append(r.wrong, fmt.Sprintf("%s: %v", items[i].Place(""), err))
		case resource.Kind() == api.KindDocument:
			r.wrong = append(r.wrong, items[i].Place("/kind")+": documents are data, not configuration")
		default:
			r.loaded.Config.Resources = append(r.loaded.Config.Resources, Declared{resource, items[i].Place})
		}
	}
}

// declare applies the resources of the configuration as soon as etcd answers.
func (g *Gateway) declare(ctx context.Context) {
	if len(g.cfg.Resources) == 0 {
		return
	}
	if g.cfg.WatchOnly {
		g.log.Info("the resources of the configuration are left to other gateways: this one is watch-only")
		return
	}
	ch := control.Change{Author: "configuration", Message: "resources of the configuration of " + g.id}
	for i, d := range g.cfg.Resources {
		ch.Puts = append(ch.Puts, control.Put{Resource: d.Resource, At: "/" + strconv.Itoa(i)})
	}
	for told := false; ; {
		err := store.ErrUnavailable
		if g.store.Synced() { // else it would be compared with what is not so any more
			var applied *api.Applied
			if applied, err = g.control.Apply(ctx, ch); err == nil {
				g.declared(applied)
				return
			}
		}
		if !passing(err) {
			g.refuse(err)
			return
		}
		if !told {
			told = true
			g.log.Warn("the resources of the configuration are not applied yet; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(declareAgain):
		}
	}
}

// passing tells whether an error of Apply is about now, not about the change.
func passing(err error) bool {
	for _, now := range []error{store.ErrUnavailable, store.ErrUnknown, store.ErrHeld, store.ErrGuardMoved} {
		if errors.Is(err, now) {
			return true
		}
	}
	return false
}

func (g *Gateway) declared(a *api.Applied) {
	g.log.Info("resources of the configuration applied", "created", len(a.Created), "changed", len(a.Updated),
		"unchanged", a.Unchanged, "revision", a.Revision)
	for _, w := range a.Warnings {
		at, pointer := g.place(w.Pointer)
		g.log.Warn("a resource of the configuration", "at", at, "pointer", pointer, "warning", w.Detail)
	}
}

// refuse tells what is wrong with the resources: in the log and in the status.
func (g *Gateway) refuse(err error) {
	var invalid *control.InvalidError
	if !errors.As(err, &invalid) {
		if !errors.Is(err, context.Canceled) && !errors.Is(err, store.ErrClosed) {
			g.log.Error("the resources of the configuration are not applied", "error", err)
		}
		return
	}
	var refused []api.Diagnostic
	for _, e := range invalid.Errors {
		at, pointer := g.place(e.Pointer)
		if pointer != "" {
			pointer += ": "
		}
		g.log.Error("the resources of the configuration are refused; none of them is applied", "at", at, "error", pointer+e.Detail)
		refused = append(refused, api.Diagnostic{File: at, Severity: api.SeverityError, Rule: "resources-refused", Message: pointer + e.Detail})
	}
	g.refused.Store(&refused)
}

var inDeclared = regexp.MustCompile(`^/(\d+)(/.*)?$`)

// place says file and line of a pointer into the resources, and what is left of it.
func (g *Gateway) place(pointer string) (at, rest string) {
	m := inDeclared.FindStringSubmatch(pointer)
	if m == nil {
		return "resources", pointer
	}
	i, err := strconv.Atoi(m[1])
	if err != nil || i >= len(g.cfg.Resources) {
		return "resources", pointer
	}
	return g.cfg.Resources[i].Place(m[2]), m[2]
}
