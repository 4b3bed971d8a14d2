include "common.thrift"
service Book { common.Page get() (api.get="/book") 
    common.Page added() (api.get="/added") }
