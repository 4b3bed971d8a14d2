service New { Unknown bad() string good() (api.get="/new") }
