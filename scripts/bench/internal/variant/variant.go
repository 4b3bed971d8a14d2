package variant

import (
	"fmt"
	"time"

	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/connpool"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/transport"
)

// Names of the variants, as the command line has them.
const (
	Hand      = "hand"
	Generic   = "generic"
	Dynamicgo = "dynamicgo"
	Floor     = "floor"
	GRPC      = "grpc-gateway"
)

// Config of a variant.
type Config struct {
	Name    string
	Listen  string
	Backend string
	// GRPC is the address of the backend's gRPC service.
	GRPC string
	// Framed is the transport to the backend; otherwise it is TTHeader.
	Framed bool
	// IDL is the path of bench.thrift, for the variants that read it.
	IDL string
}

// Run serves until a signal ends it.
func Run(c Config) error {
	if c.Name == GRPC {
		return grpcGateway(c)
	}
	hlog.SetLevel(hlog.LevelError)
	h := server.Default(server.WithHostPorts(c.Listen), server.WithExitWaitTime(100*time.Millisecond))
	routes := map[string]func(*server.Hertz, Config) error{
		Hand:      handwritten,
		Generic:   jsonGeneric,
		Dynamicgo: jsonGeneric,
		Floor:     floor,
	}
	add := routes[c.Name]
	if add == nil {
		return fmt.Errorf("variant %q is not known", c.Name)
	}
	if err := add(h, c); err != nil {
		return fmt.Errorf("variant %s: %w", c.Name, err)
	}
	h.Spin()
	return nil
}

// destination is the name under which a client knows the service.
const destination = "bench"

// options are those of every client, so that no variant has another transport:
// connections that stay, no timeout (it would cost a goroutine per call), and
// for TTHeader the handler without which it would carry no business error.
func options(c Config) []client.Option {
	all := []client.Option{
		client.WithHostPorts(c.Backend),
		client.WithLongConnection(connpool.IdleConfig{MaxIdlePerAddress: 256, MaxIdleGlobal: 256, MaxIdleTimeout: 30 * time.Second}),
	}
	if c.Framed {
		return append(all, client.WithTransportProtocol(transport.Framed))
	}
	return append(all, client.WithTransportProtocol(transport.TTHeader), client.WithMetaHandler(transmeta.ClientTTHeaderHandler))
}
