package variant

import (
	"context"
	"fmt"
	"strconv"
	"unsafe"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/protocol/consts"
	"github.com/cloudwego/kitex/client/genericclient"
	"github.com/cloudwego/kitex/pkg/generic"
)

// jsonGeneric is Kitex's own JSON generic client, with its default codec or
// with dynamicgo, behind as little of Hertz as will do.
func jsonGeneric(h *server.Hertz, conf Config) error {
	provide := generic.NewThriftFileProvider
	if conf.Name == Dynamicgo {
		provide = generic.NewThriftFileProviderWithDynamicGo
	}
	provider, err := provide(conf.IDL)
	if err != nil {
		return err
	}
	g, err := generic.JSONThriftGeneric(provider)
	if err != nil {
		return err
	}
	cli, err := genericclient.NewClient(destination, g, options(conf)...)
	if err != nil {
		return err
	}
	call := func(ctx context.Context, c *app.RequestContext, method, body string) {
		resp, err := cli.GenericCall(ctx, method, body)
		if err != nil {
			fail(c, consts.StatusBadGateway, err)
			return
		}
		text, ok := resp.(string)
		if !ok {
			fail(c, consts.StatusBadGateway, fmt.Errorf("the answer is a %T", resp))
			return
		}
		c.SetContentType(consts.MIMEApplicationJSON)
		c.Response.SetBodyRaw(unsafe.Slice(unsafe.StringData(text), len(text)))
	}
	query := func(method, param, field string) app.HandlerFunc {
		return func(ctx context.Context, c *app.RequestContext) {
			n, err := strconv.ParseInt(c.Query(param), 10, 32)
			if err != nil {
				fail(c, consts.StatusBadRequest, err)
				return
			}
			call(ctx, c, method, `{"`+field+`":`+strconv.FormatInt(n, 10)+`}`)
		}
	}
	h.GET("/book/query", query("queryBook", "num", "Num"))
	h.GET("/list4k", query("list4k", "page", "page"))
	h.GET("/list100k", query("list100k", "page", "page"))
	h.POST("/echo", func(ctx context.Context, c *app.RequestContext) {
		body := c.Request.Body()
		// The body outlives the call: there is no timeout that would leave it.
		call(ctx, c, "echo", unsafe.String(unsafe.SliceData(body), len(body)))
	})
	return nil
}
