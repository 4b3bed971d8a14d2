include "common.thrift"
service Book { common.Page get() (api.get="/book") }
