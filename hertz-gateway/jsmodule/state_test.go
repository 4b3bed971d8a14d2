package jsmodule_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/jsmodule"
)

// unreachable is a state whose reads hang and whose writes fail.
type unreachable struct{ jsmodule.Documents }

func (unreachable) Get(ctx context.Context, _, _, _ string) (jsmodule.Document, error) {
	<-ctx.Done()
	return jsmodule.Document{}, ctx.Err()
}

func (unreachable) Put(context.Context, string, jsmodule.Document) (jsmodule.Document, error) {
	return jsmodule.Document{}, errors.New("no leader")
}

func TestState(t *testing.T) {
	const caught = ` catch (e) { return [e.name, e.code, e.status, e.message, e instanceof Error] }`
	for _, tt := range []struct{ name, run, want string }{
		{"round trip", `await addDocument({ id: "a", collection: "links", data: { url: "x" } });
			const d = await getDocument("a", "links");
			return [d.id, d.collection, d.namespace, d.data.url, d.revision > 0, d.createdAt === d.updatedAt, !isNaN(Date.parse(d.createdAt))]`, `["a","links","default","x",true,true,true]`},
		{"all digits", `await addDocument({ id: "a", collection: "links", data: ctx.request.json() });
			return (await getDocument("a", "links")).data`, `{"url":"é","id":9223372036854775807}`},
		{"what is stored", `return (await addDocument({ id: "a", collection: "links", data: { url: "<&>" } })).data`, `{"url":"<&>"}`},
		{"absent", `return await getDocument("none", "links")`, `null`},
		{"as an object", `await addDocument({ id: "a", collection: "links", data: { url: "x" } }); return (await getDocument({ id: "a", collection: "links" })).data.url`, `"x"`},
		{"then and catch", `return addDocument({ id: "a", collection: "links", data: { url: 1 } }).then(() => "stored").catch((e) => e.code)`, `"schema"`},
		{"schema", `try { await addDocument({ id: "a", collection: "links", data: { url: 1 } }) }` + caught, `["StateError","schema",422,"document a does not fit the schema of links: /url: got number, want string",true]`},
		{"no data", `try { await addDocument({ id: "a", collection: "links" }) }` + caught, `["StateError","schema",422,"document a does not fit the schema of links: got null, want object",true]`},
		{"no collection", `try { await getDocument("a", "none") }` + caught, `["StateError","not_found",404,"there is no such collection",true]`},
		{"conflict", `const d = await addDocument({ id: "a", collection: "links", data: { url: "1" }, revision: 0 });
			await addDocument({ ...d, data: { url: "2" } });
			try { await addDocument({ ...d, data: { url: "3" } }) }` + caught, `["StateError","conflict",409,"the document has changed meanwhile, or is there already",true]`},
		{"change in place", `const d = await addDocument({ id: "a", collection: "links", data: { url: "1" } }); d.data.url = "2"; await addDocument(d);
			return (await getDocument("a", "links")).data`, `{"url":"2"}`},
		{"list", `for (const id of ["c", "a", "b"]) await addDocument({ id, collection: "links", data: { url: id } });
			const get = async (o) => (await getDocuments({ collection: "links", ...o })).map((d) => d.data.url).join("");
			return [await get({}), await get({ limit: 2 }), await get({ limit: 2, offset: 2 }), await get({ limit: 0 }), (await getDocuments({ collection: "empty" })).length]`, `["abc","ab","c","",0]`},
		{"delete", `await addDocument({ id: "a", collection: "links", data: { url: "x" } });
			await deleteDocument({ id: "a", collection: "links" }); await deleteDocument("a", "links"); return await getDocument("a", "links")`, `null`},
		{"collections", `const c = await addCollection({ name: "new", schema: { type: "integer" }, type: "document", tags: ["t"] });
			await addDocument({ id: "n", collection: "new", data: 7 });
			const refused = await deleteCollection("new").catch((e) => e.code);
			await deleteDocument("n", "new"); await deleteCollection({ name: "new" });
			return [c.name, c.namespace, c.schema.type, c.visibility, c.type, c.tags, refused, await getCollection("new").catch((e) => e.code)]`, `["new","default","integer","private","document",["t"],"conflict","not_found"]`},
		{"a bad schema", `try { await addCollection({ name: "new", schema: { type: "int" } }) } catch (e) { return e.code }`, `"schema"`},
		{
			"bad names", `const code = (p) => p.catch((e) => e.code + ": " + e.message);
			return [await code(getDocument("", "links")), await code(getDocument("a\n", "links")), await code(getDocument("a", "a/b")), await code(addDocument()), await code(addCollection({ name: "x", type: "fetcher" }))]`,
			`["invalid: the id of a document has 1 to 255 bytes of UTF-8","invalid: the id of a document holds no control characters","invalid: \"a/b\" cannot be the name of a collection: 1 to 63 letters, digits, dots, hyphens and underscores","invalid: an object such as {id, collection, data} is needed","invalid: type is \"fetcher\"; collections hold documents"]`,
		},
		{"too large", `return await addDocument({ id: "a", collection: "links", data: { url: "x".repeat(1 << 20) } }).catch((e) => e.code)`, `"too_large"`},
		{"too deep", `let v = 1; for (let i = 0; i < 510; i++) v = [v]; return await addDocument({ id: "a", collection: "empty", data: v }).catch((e) => e.code)`, `"invalid"`},
		{"parallel", `return (await Promise.all(["a", "b"].map((id) => addDocument({ id, collection: "links", data: { url: id } })))).map((d) => d.id)`, `["a","b"]`},
		{"not granted", `return await getDocument("a", "secret").catch((e) => e.code + ": " + e.message.slice(0, 73))`, `"permission_denied: module m may not use the collection secret: it needs the permission state"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			docs := jsmodule.NewMemoryDocuments()
			for name, schema := range map[string]string{"links": `{"type":"object","properties":{"url":{"type":"string"}}}`, "empty": ``, "secret": ``} {
				if _, err := docs.PutCollection(t.Context(), "default", jsmodule.Collection{Name: name, Schema: []byte(schema)}); err != nil {
					t.Fatal(err)
				}
			}
			x := open(t, stateChain(t, docs, []string{"state:links", "state:empty", "state:new", "state:none", "state:x"}, tt.run), withBody(`{"url":"é", "id":9223372036854775807}`))
			if _, err := x.Handle(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(x.r.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func stateChain(t *testing.T, docs jsmodule.Documents, permissions []string, run string) *jsmodule.Chain {
	t.Helper()
	p, err := jsmodule.Build(jsmodule.Source{
		Name: "m", Permissions: permissions,
		Text: `import { getDocument, getDocuments, addDocument, deleteDocument, getCollection, addCollection, deleteCollection } from "dgate/state";
			export async function requestHandler(ctx) { return Response.json(await (async () => { ` + run + ` })()) }`,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newHost(t, jsmodule.Config{Documents: docs, Limits: jsmodule.Limits{Budget: 500 * time.Millisecond}}).NewChain("default", p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestStateOutOfReach(t *testing.T) {
	for _, tt := range []struct {
		name, run, want string
		docs            jsmodule.Documents
	}{
		{"none", `return await getDocument("a", "links").catch((e) => e.code)`, `"unavailable"`, nil},
		{"error", `return await addDocument({ id: "a", collection: "links" }).catch((e) => [e.code, e.status, e.message])`, `["unavailable",503,"the state cannot be reached: no leader"]`, unreachable{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := open(t, stateChain(t, tt.docs, nil, tt.run)) // without permissions of its own every collection is open
			if _, err := x.Handle(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(x.r.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("the deadline ends it", func(t *testing.T) {
		x := open(t, stateChain(t, unreachable{}, nil, `await getDocument("a", "links")`), func(c *jsmodule.Call, _ *request, _ *response) {
			c.Deadline = time.Now().Add(20 * time.Millisecond)
		})
		if _, err := x.Handle(); err == nil {
			t.Error("no error")
		}
	})
}
