package variant

import (
	"context"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/protocol/consts"

	"dgate/bench/kitex_gen/bench"
	"dgate/bench/kitex_gen/bench/benchsvc"
)

type bookQuery struct {
	Num int32 `query:"num" vd:"$<100; msg:'num must less than 100'"`
}

type listQuery struct {
	Page int32 `query:"page"`
}

// handwritten is what a user would write without a gateway: bind and validate,
// call the generated client, answer with c.JSON.
func handwritten(h *server.Hertz, conf Config) error {
	cli, err := benchsvc.NewClient(destination, options(conf)...)
	if err != nil {
		return err
	}
	h.GET("/book/query", func(ctx context.Context, c *app.RequestContext) {
		var q bookQuery
		if err := c.BindAndValidate(&q); err != nil {
			fail(c, consts.StatusBadRequest, err)
			return
		}
		resp, err := cli.QueryBook(ctx, &bench.QueryBookReq{Num: q.Num})
		answer(c, resp, err)
	})
	list := func(call func(context.Context, *bench.ListReq) (*bench.Library, error)) app.HandlerFunc {
		return func(ctx context.Context, c *app.RequestContext) {
			var q listQuery
			if err := c.BindAndValidate(&q); err != nil {
				fail(c, consts.StatusBadRequest, err)
				return
			}
			resp, err := call(ctx, &bench.ListReq{Page: q.Page})
			answer(c, resp, err)
		}
	}
	h.GET("/list4k", list(func(ctx context.Context, r *bench.ListReq) (*bench.Library, error) { return cli.List4k(ctx, r) }))
	h.GET("/list100k", list(func(ctx context.Context, r *bench.ListReq) (*bench.Library, error) { return cli.List100k(ctx, r) }))
	h.POST("/echo", func(ctx context.Context, c *app.RequestContext) {
		var lib bench.Library
		if err := c.BindAndValidate(&lib); err != nil {
			fail(c, consts.StatusBadRequest, err)
			return
		}
		resp, err := cli.Echo(ctx, &lib)
		answer(c, resp, err)
	})
	return nil
}

func answer(c *app.RequestContext, resp any, err error) {
	if err != nil {
		fail(c, consts.StatusBadGateway, err)
		return
	}
	c.JSON(consts.StatusOK, resp)
}

func fail(c *app.RequestContext, status int, err error) {
	c.JSON(status, map[string]string{"error": err.Error()})
}
