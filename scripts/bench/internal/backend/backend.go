package backend

import (
	"context"
	"fmt"
	"net"

	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"

	"dgate/bench/internal/payload"
	"dgate/bench/kitex_gen/bench"
	"dgate/bench/kitex_gen/bench/benchsvc"
)

type service struct {
	book         *bench.QueryBookResp
	small, large *bench.Library
	pages        map[int32]*bench.Library
}

var _ bench.BenchSvc = (*service)(nil)

func (s *service) QueryBook(context.Context, *bench.QueryBookReq) (*bench.QueryBookResp, error) {
	return s.book, nil
}

func (s *service) List4k(_ context.Context, req *bench.ListReq) (*bench.Library, error) {
	if page := s.pages[req.Page]; page != nil {
		return page, nil
	}
	return s.small, nil
}

func (s *service) List100k(context.Context, *bench.ListReq) (*bench.Library, error) {
	return s.large, nil
}

func (s *service) Echo(_ context.Context, req *bench.Library) (*bench.Library, error) {
	return req, nil
}

// Run serves on addr, and gRPC on grpcAddr, until a signal ends it.
func Run(addr, grpcAddr string) error {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	s := &service{book: payload.Book(), pages: map[int32]*bench.Library{}}
	if s.small, err = payload.Library(payload.Small); err != nil {
		return err
	}
	if s.large, err = payload.Library(payload.Large); err != nil {
		return err
	}
	for page, size := range payload.Pages() {
		if s.pages[page], err = payload.Library(size); err != nil {
			return err
		}
	}
	failed := make(chan error, 2)
	go func() { failed <- serveGRPC(grpcAddr, s) }()
	go func() { failed <- serveThrift(tcp, s) }()
	return <-failed
}

func serveThrift(tcp *net.TCPAddr, s *service) error {
	return benchsvc.NewServer(s,
		server.WithServiceAddr(tcp),
		server.WithMetaHandler(transmeta.ServerTTHeaderHandler),
	).Run()
}
