service Unclosed {
    string get() (api.get="/x")
