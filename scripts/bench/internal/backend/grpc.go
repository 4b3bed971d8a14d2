package backend

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"

	"dgate/bench/grpc_gen"
	"dgate/bench/internal/payload"
)

// grpcService is service for grpc-gateway.
type grpcService struct {
	grpc_gen.UnimplementedBenchSvcServer
	book         *grpc_gen.QueryBookResp
	small, large *grpc_gen.Library
}

func (s *grpcService) QueryBook(context.Context, *grpc_gen.QueryBookReq) (*grpc_gen.QueryBookResp, error) {
	return s.book, nil
}

func (s *grpcService) List4K(context.Context, *grpc_gen.ListReq) (*grpc_gen.Library, error) {
	return s.small, nil
}

func (s *grpcService) List100K(context.Context, *grpc_gen.ListReq) (*grpc_gen.Library, error) {
	return s.large, nil
}

func (s *grpcService) Echo(_ context.Context, lib *grpc_gen.Library) (*grpc_gen.Library, error) {
	return lib, nil
}

// serveGRPC serves on addr until the process ends.
func serveGRPC(addr string, s *service) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	server := grpc.NewServer()
	grpc_gen.RegisterBenchSvcServer(server, &grpcService{
		book:  &grpc_gen.QueryBookResp{ID: s.book.ID, Title: s.book.Title, Author: s.book.Author, Content: s.book.Content},
		small: payload.GRPC(s.small), large: payload.GRPC(s.large),
	})
	return server.Serve(listener)
}
