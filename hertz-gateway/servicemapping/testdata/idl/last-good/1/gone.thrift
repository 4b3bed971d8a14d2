service Gone { string get() (api.get="/gone") }
