struct Req { 1: string q }
struct Resp { 1: string a }
exception Oops { 1: string why }

service Methods {
    Resp none() (api.get="/none")
    Resp several(1: i64 id (api.path="id"), 2: string name = "x", 3: Req req) (api.post="/several/:id")
    string scalar(1: string text) (api.get="/scalar")
    list<i32> containers(1: map<string, list<i64>> m) (api.post="/containers")
    void nothing(1: Req req) (api.post="/nothing")
    oneway void fire(1: Req req) (api.post="/fire")
    void throwing(1: Req req) throws (1: Oops oops) (api.post="/throwing")
    Resp unannotated(1: Req req)
    oneway Resp confused(1: Req req) (api.post="/confused")
    async void old(1: Req req)
    Resp implicit(string a, string b) throws (Oops first, 5: Oops second)
    Resp notThrown(1: Req req) throws (1: i32 code, 2: Resp resp)
    Resp strange(1: Req req) throws (1: Resp resp)
    Resp twice(1: Req req) (api.get="/twice")
    Resp twice(1: Req req) (api.post="/twice")
    Resp clash(1: i32 a, 1: i32 b)
    Resp zero(1: i32 a) throws (0: Oops oops)
}
