include "missing.thrift"
include "../outside.thrift"
include "broken.thrift"
include "loop_a.thrift"
include "main.thrift"

struct Good { 1: i32 id }
struct UsesMissing { 1: missing.Thing thing }

service MainSvc {
    Good good(1: Good req) (api.get="/good")
    Good direct(1: missing.Thing req) (api.get="/direct")
    list<UsesMissing> nested(1: Good req) (api.get="/nested", api.post="/nested")
    outside.Thing outside() (api.get="/outside")
    broken.Thing broken() (api.get="/broken")
    main.Good self() (api.get="/self")
    // loop_a is on a circle, but this include is not part of it.
    loop_a.A loop() (api.get="/loop")
    loop_a.Far far() (api.get="/far")
}
