package server

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/cloudwego/kitex/pkg/endpoint"
	"github.com/cloudwego/kitex/pkg/kerrors"

	"dgate/kitex-server/internal/book"
	api "dgate/kitex-server/kitex_gen/book"
)

// handler answers the methods of BookSvc.
type handler struct{ books *book.Store }

var _ api.BookSvc = (*handler)(nil)

// QueryBook finds the book whose ID is the number asked for. A book that is not
// there is a business error with the code 404.
func (h *handler) QueryBook(ctx context.Context, req *api.QueryBookReq) (*api.QueryBookResp, error) {
	b, err := h.books.Find(ctx, strconv.Itoa(int(req.Num)))
	switch {
	case errors.Is(err, book.ErrNotFound):
		return nil, kerrors.NewBizStatusError(http.StatusNotFound, fmt.Sprintf("there is no book number %d", req.Num))
	case err != nil:
		return nil, err
	}
	return &api.QueryBookResp{ID: b.ID, Title: b.Title, Author: b.Author, Content: b.Content}, nil
}

// InsertBook adds a book. A book that is refused is an answer, not an error.
func (h *handler) InsertBook(ctx context.Context, req *api.InsertBookReq) (*api.InsertBookResp, error) {
	err := h.books.Insert(ctx, book.Book{ID: req.ID, Title: req.Title, Author: req.Author})
	var refused *book.RefusedError
	switch {
	case errors.As(err, &refused):
		return &api.InsertBookResp{Ok: false, Msg: refused.Reason}, nil
	case err != nil:
		return nil, err
	}
	return &api.InsertBookResp{Ok: true, Msg: fmt.Sprintf("inserted book %q", req.ID)}, nil
}

// errFault is what --error-rate makes calls fail with.
var errFault = errors.New("failed on purpose: --error-rate")

// faults delays calls and lets some of them fail before they reach a handler.
func faults(latency time.Duration, rate float64) endpoint.Middleware {
	return func(next endpoint.Endpoint) endpoint.Endpoint {
		return func(ctx context.Context, req, resp any) error {
			if latency > 0 {
				time.Sleep(latency)
			}
			if rand.Float64() < rate {
				return errFault
			}
			return next(ctx, req, resp)
		}
	}
}
