struct Msg { 1: string text }
service Streams {
    Msg unary(1: Msg m) (api.get="/unary", streaming.mode="unary")
    Msg server(1: Msg m) (api.get="/server", streaming.mode="server")
    Msg client(1: Msg m) (streaming.mode="client")
    Msg both(1: Msg m) (streaming.mode="bidirectional")
    Msg wrong(1: Msg m) (streaming.mode="sideways")
}
