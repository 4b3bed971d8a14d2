service UserA { string get() (api.get="/a") }
service UserExplicit { string get() (api.get="/explicit") } (dgate.service="user-explicit")
