package jsmodule_test

import "testing"

// TestOrderOfJobs runs code whose jobs come in an order that the language
// fixes. What is wanted is what Node gives.
func TestOrderOfJobs(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"async functions without await", `async function a(){ L.push('a') } async function b(){ await a(); L.push('b') } b(); a().then(()=>L.push('c')); L.push('d');`, "a,a,d,b,c"},
		{"a promise returned", `async function a(){ return Promise.resolve(1) } a().then(()=>L.push('a')); Promise.resolve().then(()=>L.push(1)).then(()=>L.push(2)).then(()=>L.push(3)).then(()=>L.push(4));`, "1,2,a,3,4"},
		{"a thenable returned", `async function a(){ return {then(r){ L.push('t'); r(1) }} } a().then(()=>L.push('a')); Promise.resolve().then(()=>L.push(1)).then(()=>L.push(2)).then(()=>L.push(3));`, "t,1,a,2,3"},
		{"an exception", `async function a(){ throw new Error('x') } a().catch(e=>L.push(e.message)); Promise.resolve().then(()=>L.push(1)).then(()=>L.push(2));`, "x,1,2"},
		{"an arrow function that throws", `const a=async()=>{ throw 1 }; try { a().catch(x=>L.push('c'+x)); L.push('no throw') } catch(e) { L.push('sync') }`, "no throw,c1"},
		{"a default that throws", `const a=async(x=(()=>{throw 1})())=>{}; try { a().catch(x=>L.push('c'+x)); L.push('no throw') } catch(e) { L.push('sync') }`, "no throw,c1"},
		{"a generator that is ended", `function* g(){ const x=yield 1; L.push(x); try { yield 2 } finally { L.push('f') } } const it=g(); it.next(); it.next('q'); it.return(); L.push(it.next().done);`, "q,f,true"},
		{"executor and finally", `const p=new Promise((r,j)=>{ L.push('ex'); r(1); j(2) }); p.then(v=>L.push(v)); p.finally(()=>L.push('fin'));`, "ex,1,fin"},
		{"combinators", `Promise.all([1,Promise.resolve(2),{then(r){r(3)}}]).then(v=>L.push(v.join())); Promise.race([new Promise(()=>{}),Promise.reject(1)]).catch(()=>L.push('race')); Promise.allSettled([Promise.reject(1)]).then(v=>L.push(v[0].status)); Promise.any([Promise.reject(1)]).catch(e=>L.push(e.constructor.name+e.errors));`, "race,rejected,AggregateError1,1,2,3"},
		{"microtasks before timers", `queueMicrotask(()=>L.push('q')); Promise.resolve().then(()=>L.push('p')); setTimeout(()=>L.push('t'),0); await null; L.push('w');`, "q,p,w,t"},
		{"jobs between timers", `setTimeout(()=>{ L.push('t1'); Promise.resolve().then(()=>L.push('m1')) },0); setTimeout(()=>L.push('t2'),0); await new Promise(r=>setTimeout(r,3));`, "t1,m1,t2"},
		{"a thenable that rejects", `const t={then(a,b){ L.push('then'); b(7) }}; try { await t } catch(e) { L.push('c'+e) }`, "then,c7"},
		{"for await", `for await (const x of [Promise.resolve(1),2]) L.push(x);`, "1,2"},
		{"return await and finally", `async function a(){ try { return await Promise.reject(1) } catch { return 'c' } finally { L.push('f') } } L.push(await a());`, "f,c"},
		{"recursion", `let c=0; const a=async()=>{ if (c++<3) return a(); return c }; L.push(await a());`, "4"},
		{"classes of promises", `const p=Promise.resolve(); const q=Promise.resolve(p); L.push(p===q); class P extends Promise{}; L.push(P.resolve(p)===p, P.resolve(1) instanceof P); await P.resolve(1).then(()=>L.push('sub'));`, "true,false,true,sub"},
		{"resolved with a thenable", `new Promise(r=>{ r({then(f){ L.push('in'); f() }}) }).then(()=>L.push('out')); Promise.resolve().then(()=>L.push('a')).then(()=>L.push('b')).then(()=>L.push('c'));`, "in,a,out,b,c"},
		{"a job of a call before one of a promise", `async function a(){ await b(); L.push('a') } async function b(){ L.push('b') } a(); new Promise(r=>{ L.push('p'); r() }).then(()=>L.push('pp')).then(()=>L.push('ppp'));`, "b,p,a,pp,ppp"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := eval(t, "const L = []; await (async () => {"+test.text+"})(); await new Promise((r) => setTimeout(r, 1)); return { order: L.join() }")
			if want := `{"order":"` + test.want + `"}`; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}
