include "base.thrift"

service Child extends base.Base {
    string own() (api.get="/own")
    i32 name(1: i32 who) (api.get="/child/name")
} (dgate.timeout="5s", dgate.modules="auth, trace", dgate.service="children")

service Grandchild extends Child {
}

service Lost extends base.Bose {
    string still() (api.get="/still")
}

service Orphan extends nothing.Base {
    string alone()
}

service Snake extends Tail {
    string bites() (api.get="/bites")
}

service Tail extends Snake {
    string tail()
}
