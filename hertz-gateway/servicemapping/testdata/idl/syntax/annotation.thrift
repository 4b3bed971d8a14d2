struct S {
    1: string a (api.none=true)
}
