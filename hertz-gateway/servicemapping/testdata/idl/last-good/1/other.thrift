service Other { string get() (api.get="/other") }
