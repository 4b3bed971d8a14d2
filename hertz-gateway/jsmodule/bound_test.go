package jsmodule_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"dgate/hertz-gateway/jsmodule"
)

// binding is a jsmodule.Binding whose method takes {id, name}, name a text, out
// of the query.
type binding struct {
	q     *request
	args  string
	binds int
}

func (b *binding) Bind() ([]byte, error) {
	b.binds++
	if b.q != nil && strings.Contains(b.q.query, "bad") {
		err := errors.New("num must be an integer")
		return nil, errors.Join(err, &jsmodule.CallError{Code: "invalid_request", Status: 400, Message: err.Error()})
	}
	if b.args == "" {
		b.args = fmt.Sprintf(`{"id":9007199254740993,"name":%q}`, b.q.query)
	}
	return []byte(b.args), nil
}

func (b *binding) Instances() []string { return []string{"10.0.0.1:80", "10.0.0.2:80"} }

func (b *binding) SetArguments(data []byte) error {
	var v struct {
		ID   json.Number
		Name *string
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	b.args = string(data)
	return nil
}

func TestBoundCall(t *testing.T) {
	tests := []struct {
		name, text string
		query      string
		args       string // what is sent; empty: nothing was bound
		locals     string // what the module noted
		kind       jsmodule.Kind
		message    string
	}{
		{name: "untouched", text: `ctx.request.query.set("a", "1")`},
		{name: "names only", text: `ctx.locals.it = ctx.rpc.service + "." + ctx.rpc.method`, locals: "BookSvc.queryBook"},
		{name: "read", text: `ctx.locals.it = ctx.rpc.request.name`, args: `{"id":9007199254740993,"name":"num=7"}`, locals: "num=7"},
		{
			name: "binds the edits so far", text: `ctx.request.query.set("num", "8"); ctx.locals.it = ctx.rpc.request.name`,
			args: `{"id":9007199254740993,"name":"num=8"}`, locals: "num=8",
		},
		{name: "edit keeps digits", text: `ctx.rpc.request.name += "!"`, args: `{"id":9007199254740993,"name":"num=7!"}`},
		{name: "edit of a kept reference", text: `const q = ctx.rpc.request; q.name = "x"; delete q.id`, args: `{"name":"x"}`},
		{name: "replaced", text: `ctx.rpc.request = { name: "y", id: 9007199254740993n }`, args: `{"name":"y","id":9007199254740993}`},
		{name: "replaced and edited", text: `ctx.rpc.request = { name: "y" }; ctx.rpc.request.name += "z"`, args: `{"name":"yz"}`},
		{name: "not an object", text: `ctx.rpc.request = 7`, args: `{"id":9007199254740993,"name":"num=7"}`, kind: jsmodule.KindException, message: "must be an object"},
		{name: "service is not to be set", text: `"use strict"; ctx.rpc.service = "Other"`, kind: jsmodule.KindException},
		{name: "edit that the method refuses", text: `ctx.rpc.request.name = 7`, args: `{"id":9007199254740993,"name":"num=7"}`, kind: jsmodule.KindException, message: "as it was edited"},
		{name: "refused", text: `ctx.rpc.request`, query: "bad", kind: jsmodule.KindRefused, message: "num must be an integer"},
		{
			name: "refused, let through by a promise", text: `return Promise.resolve().then(() => ctx.rpc.request)`,
			query: "bad", kind: jsmodule.KindRefused,
		},
		{
			name: "refused and caught", query: "bad",
			text:   `try { ctx.rpc.request } catch (e) { ctx.locals.it = [e.name, e.code, e.status, e.message].join() }`,
			locals: "RequestError,invalid_request,400,num must be an integer",
		},
		{
			name: "refused, mended, read again", query: "bad",
			text: `try { ctx.rpc.request } catch { ctx.request.query = { num: 9 } } ctx.locals.it = ctx.rpc.request.name`,
			args: `{"id":9007199254740993,"name":"num=9"}`, locals: "num=9",
		},
		{name: "refused, thrown in other words", query: "bad", text: `try { ctx.rpc.request } catch { throw new Error("no") }`, kind: jsmodule.KindException},
	}
	for _, edit := range []string{
		`ctx.request.method = "PUT"`, `ctx.request.path = "/x"`, `ctx.request.query = {}`, `ctx.request.query.set("a", 1)`,
		`ctx.request.query.a = 1`, `delete ctx.request.query.num`, `ctx.request.query.sort()`, `ctx.query().append("a", 1)`,
		`ctx.request.headers.set("a", 1)`, `ctx.request.headers.a = 1`, `ctx.request.headers.append("a", 1)`,
		`ctx.request.headers.delete("User-Agent")`, `delete ctx.request.headers["user-agent"]`,
		`ctx.request.body = "x"`, `ctx.request.setBody("x")`, `ctx.request.writeJson({})`, `ctx.request().writeBody("")`,
		`body.a = 1`, `delete body.list`, `body.list.push(1)`, `body.list[0] = 1`, `body.list.length = 0`,
	} {
		tests = append(tests, struct {
			name, text, query, args, locals string
			kind                            jsmodule.Kind
			message                         string
		}{
			name: "too late: " + edit, text: `const body = ctx.request.json(); ctx.rpc.request; ` + edit,
			args: `{"id":9007199254740993,"name":"num=7"}`, kind: jsmodule.KindException, message: "has been bound",
		})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := chain(t, jsmodule.Config{}, `export function requestModifier(ctx) { `+test.text+` }
				export function errorHandler(ctx) { return new Response(ctx.locals.it) }`)
			b := &binding{}
			e := open(t, c, withBody(`{"list":[1,2]}`), func(call *jsmodule.Call, q *request, _ *response) {
				b.q = q
				q.query = "num=7"
				if test.query != "" {
					q.query = test.query
				}
				call.Binding = b
			})
			_, err := e.Request()
			switch {
			case test.kind == "":
				if err != nil {
					t.Fatal(err)
				}
			case err == nil:
				t.Fatalf("no error, want kind %q", test.kind)
			default:
				if got := moduleError(t, err); got.Kind != test.kind || !strings.Contains(got.Message, test.message) {
					t.Errorf("error %q of kind %q, want %q of kind %q", got.Message, got.Kind, test.message, test.kind)
				}
			}
			if b.args != test.args {
				t.Errorf("arguments %s, want %s", b.args, test.args)
			}
			if string(e.q.body) != `{"list":[1,2]}` {
				t.Errorf("the body became %s", e.q.body)
			}
			if test.locals != "" {
				if _, err := e.Fail(jsmodule.Failure{}); err != nil || string(e.r.body) != test.locals {
					t.Errorf("noted %q, %v, want %q", e.r.body, err, test.locals)
				}
			}
		})
	}
}

// TestBoundCallLater looks at ctx.rpc outside of requestModifier.
func TestBoundCallLater(t *testing.T) {
	b := &binding{}
	c := chain(t, jsmodule.Config{},
		`let kept;
		export const fetchUpstream = (ctx) => ({ hashKey: ctx.rpc.request.name });
		export function requestModifier(ctx) { ctx.rpc.request.name += "+0"; kept = ctx.rpc }
		export function responseModifier(ctx, res) {
			try { ctx.rpc.request.name = "late" } catch (e) { res.text(ctx.rpc.request.name + ": " + e.message) }
		}
		export function errorHandler(ctx) { try { kept.request } catch (e) { return e.message } }`,
		`export function requestModifier(ctx) { ctx.rpc.request.name += "+1" }`)
	e := open(t, c, func(call *jsmodule.Call, q *request, _ *response) {
		b.q, q.query, call.Binding = q, "n", b
	})
	if target, ok, err := e.FetchUpstream(); err != nil || !ok || target.HashKey != "n" {
		t.Errorf("target %+v, %v, %v", target, ok, err)
	}
	e.mustRequest(t)
	if want := `{"id":9007199254740993,"name":"n+0+1"}`; b.args != want {
		t.Errorf("arguments %s, want %s", b.args, want)
	}
	if err := e.Session.Response(); err != nil || string(e.r.body) != "n+0+1: the service has been called already" {
		t.Errorf("response %s, %v", e.r.body, err)
	}
	e.Close()
	next := open(t, c)
	if _, err := next.Fail(jsmodule.Failure{}); err != nil || !strings.Contains(string(next.r.body), "request that has ended") {
		t.Errorf("a kept ctx.rpc said %s, %v", next.r.body, err)
	}
	if b.binds != 1 {
		t.Errorf("bound %d times", b.binds)
	}
	none := open(t, chain(t, jsmodule.Config{}, `export const requestHandler = (ctx) => String(ctx.rpc)`))
	if _, err := none.Handle(); err != nil || string(none.r.body) != "null" {
		t.Errorf("without a service: %s, %v", none.r.body, err)
	}
}
