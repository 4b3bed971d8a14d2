package variant

import (
	"context"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"dgate/bench/grpc_gen"
)

// grpcGateway is grpc-gateway as its documentation has it, in front of the
// same service with gRPC.
func grpcGateway(conf Config) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	mux := runtime.NewServeMux(runtime.WithWriteContentLength()) // the load generator reads no chunks
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if err := grpc_gen.RegisterBenchSvcHandlerFromEndpoint(ctx, mux, conf.GRPC, options); err != nil {
		return err
	}
	return http.ListenAndServe(conf.Listen, mux)
}
