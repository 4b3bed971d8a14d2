// Package grpc_gen is generated from idl/grpc/bench.proto, with protoc-gen-go
// v1.36.11, protoc-gen-go-grpc v1.5.1 and protoc-gen-grpc-gateway v2.29.0:
//
//	protoc -I idl/grpc --go_out=. --go_opt=module=dgate/bench \
//	  --go-grpc_out=. --go-grpc_opt=module=dgate/bench --grpc-gateway_out=. \
//	  --grpc-gateway_opt=module=dgate/bench,grpc_api_configuration=idl/grpc/bench.yaml bench.proto
package grpc_gen
