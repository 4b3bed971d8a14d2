struct Thing { 1: string a }
struct Problem { 1: string p }
enum Kind { A = 1 }
service ThingSvc { Thing get(1: Thing req) (api.post = "/a/things"), Kind kind(1: Problem p) (api.get = "/a/kind") } (dgate.service = "things-a")
