struct Thing {
    1: i32 id
    2: strin
}

service BrokenSvc {
    Thing get()
}
