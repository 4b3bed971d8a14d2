service Good { string get() (api.get="/good") }
