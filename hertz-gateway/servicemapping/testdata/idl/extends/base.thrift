service Root {
    string version() (api.get="/version")
}

service Base extends Root {
    void ping() (api.get="/ping", dgate.timeout="1s", dgate.modules="log")
    string name(1: string who) (api.get="/name")
}
