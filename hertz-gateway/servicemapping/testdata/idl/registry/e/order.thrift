service OrderSvc { string get() (api.get="/e") } (dgate.service="order-e")
