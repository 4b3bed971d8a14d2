struct Thing { 1: i32 b }
service ThingSvc { Thing get(1: Thing req) (api.post = "/b/things") } (dgate.service = "things-b")
