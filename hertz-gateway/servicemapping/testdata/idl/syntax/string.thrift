struct S {
    1: string a (api.query="open)
}
