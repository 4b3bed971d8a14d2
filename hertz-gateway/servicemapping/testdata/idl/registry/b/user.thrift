service UserB { string get() (api.get="/b") }
