package variant

import (
	"context"
	"fmt"
	"strings"

	"github.com/cloudwego/gopkg/protocol/thrift"
	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/protocol/consts"
	"github.com/cloudwego/kitex/client/genericclient"
	"github.com/cloudwego/kitex/pkg/generic"

	"dgate/bench/internal/payload"
	"dgate/bench/kitex_gen/bench"
)

// floor converts nothing: arguments and answers are ready bytes, the result of
// the call is dropped. What is above it is the price of converting. The echo
// has one route for both sizes and tells them apart by the length of the body.
func floor(h *server.Hertz, conf Config) error {
	cli, err := genericclient.NewClient(destination, generic.BinaryThriftGenericV2("BenchSvc"), options(conf)...)
	if err != nil {
		return err
	}
	cases, err := payload.Cases()
	if err != nil {
		return err
	}
	small, err := payload.Library(payload.Small)
	if err != nil {
		return err
	}
	large, err := payload.Library(payload.Large)
	if err != nil {
		return err
	}
	type ready struct {
		method string
		args   []byte
	}
	calls := map[string]ready{
		"book":      {"queryBook", thrift.FastMarshal(&bench.BenchSvcQueryBookArgs{Req: &bench.QueryBookReq{Num: 1}})},
		"reply4k":   {"list4k", thrift.FastMarshal(&bench.BenchSvcList4kArgs{Req: &bench.ListReq{Page: 1}})},
		"reply100k": {"list100k", thrift.FastMarshal(&bench.BenchSvcList100kArgs{Req: &bench.ListReq{Page: 1}})},
		"echo4k":    {"echo", thrift.FastMarshal(&bench.BenchSvcEchoArgs{Req: small})},
		"echo100k":  {"echo", thrift.FastMarshal(&bench.BenchSvcEchoArgs{Req: large})},
	}
	handlers := map[string]app.HandlerFunc{}
	for _, one := range cases {
		r, ok := calls[one.Key]
		if !ok {
			return fmt.Errorf("case %s has no bytes", one.Key)
		}
		handlers[one.Key] = func(ctx context.Context, c *app.RequestContext) {
			if _, err := cli.GenericCall(ctx, r.method, r.args); err != nil {
				fail(c, consts.StatusBadGateway, err)
				return
			}
			c.SetContentType(consts.MIMEApplicationJSON)
			c.Response.SetBodyRaw(one.Answer)
		}
		if one.Verb == consts.MethodGet {
			path, _, _ := strings.Cut(one.Target, "?")
			h.GET(path, handlers[one.Key])
		}
	}
	h.POST("/echo", func(ctx context.Context, c *app.RequestContext) {
		if len(c.Request.Body()) == payload.Small {
			handlers["echo4k"](ctx, c)
			return
		}
		handlers["echo100k"](ctx, c)
	})
	return nil
}
