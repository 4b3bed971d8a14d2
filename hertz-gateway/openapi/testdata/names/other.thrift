struct Thing { 1: bool c }
struct KindName { 1: string k }
service OtherSvc { Thing get(1: Thing req) (api.post = "/other/things"), KindName k() (api.get = "/k") }
service call { void rpc() }
