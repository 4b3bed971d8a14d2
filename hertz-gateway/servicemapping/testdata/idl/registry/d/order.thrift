service OrderSvc { string get() (api.get="/d") }
