service Options {
    string plain()
    string timed() (dgate.timeout="250ms")
    string bad() (dgate.timeout="soon", api.serializer="xml", dgate.idempotent="maybe", dgate.modules=" , ")
    string idempotent() (dgate.idempotent="true", api.post="/idempotent")
    string modules() (dgate.modules="c, d")
    string form(1: string a) (api.post="/form", api.serializer="FORM")
} (dgate.service=" options-v2 ", dgate.timeout="2s", dgate.modules="a,b")

service Negative {
    string plain()
} (dgate.timeout="-1s", dgate.service="")
