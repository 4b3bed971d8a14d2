struct Req { 1: string id (api.path="id", api.query="id"), 2: string rest (api.path="rest") }

service Routes {
    Req all(1: Req r) (
        api.get="/all", api.post="/all", api.put="/all", api.delete="/all",
        api.patch="/all", api.head="/all", api.options="/all")
    Req any(1: Req r) (api.any="/all")
    Req several(1: Req r) (api.get="several", api.get="/several/too", API.POST="several")
    Req templates(1: Req r) (api.get="/t/:id", api.get="/t/{id}/x", api.get="/t/x/*rest", api.get="/t/v{id}")
    Req first(1: Req r) (api.get="/claimed/:id")
    Req second(1: Req r) (api.get="/claimed/{rest}", api.post="/claimed/:id")
    Req same(1: Req r) (api.get="/same", api.get="same")
    Req any2(1: Req r) (api.any="/all", api.get="/any2")
    Req bad(1: Req r) (api.get="", api.get="/a//b", api.get="/*rest/x", api.get="/{", api.get="/good")
    Req unread(1: Req r) (api.get="/unread/:nobody")
    Req body(1: string b (api.body="b")) (api.get="/body", api.post="/body")
}
