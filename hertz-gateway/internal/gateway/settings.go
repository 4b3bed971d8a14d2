package gateway

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"dgate/hertz-gateway/internal/snapshot"
)

// setting is one key of dgate.yaml that is also a flag and an environment
// variable. The table below is the only place that knows their names.
type setting struct {
	key  string // path in dgate.yaml: "admin.listen"
	flag string // "admin-listen"; the variable is DGATE_ADMIN_LISTEN
	help string
	get  func(*Config) string
	set  func(*Config, string) error
	// boolean flags may stand without a value.
	boolean bool
}

func (s *setting) env() string {
	return "DGATE_" + strings.ToUpper(strings.ReplaceAll(s.flag, "-", "_"))
}

var settings = []setting{
	text("listen", "listen", "address of the data plane, HOST:PORT", func(c *Config) *string { return &c.Listen }),
	text("tls.listen", "tls-listen", "address of the data plane with TLS, whose certificates are those of domains; empty for none", func(c *Config) *string { return &c.TLSListen }),
	text("admin.listen", "admin-listen", "address of the admin API, HOST:PORT", func(c *Config) *string { return &c.AdminListen }),
	list("admin.hosts", "admin-hosts", "names under which the admin API is called, besides localhost and addresses", func(c *Config) *[]string { return &c.AdminHosts }),
	text("admin.tls.cert", "admin-tls-cert", "PEM file of the admin API's certificate; empty for plain HTTP", func(c *Config) *string { return &c.AdminCert }),
	text("admin.tls.key", "admin-tls-key", "PEM file of its key", func(c *Config) *string { return &c.AdminKey }),
	text("admin.tls.clientCA", "admin-tls-client-ca", "PEM file of the authority of client certificates, for admin.auth.clients", func(c *Config) *string { return &c.AdminClientCA }),
	text("idl", "idl", "directory of the Thrift IDLs", func(c *Config) *string { return &c.IDL }),
	{
		key: "idlGate", flag: "idl-gate", help: "what becomes of a breaking change of the IDLs: off, warn or refuse",
		get: func(c *Config) string { return string(c.IDLGate) },
		set: func(c *Config, v string) error { c.IDLGate = GateMode(v); return nil },
	},
	text("modules.dir", "modules", "directory of JavaScript and TypeScript modules; empty for none", func(c *Config) *string { return &c.Modules }),
	list("modules.defaultPermissions", "module-permissions", "permissions of modules that name none, comma separated: rpc:*, http:HOST, secret:NAME", func(c *Config) *[]string { return &c.ModulePermissions }),
	text("secretsKey", "secrets-key", "file of the keys that encrypt secrets in the store; made in the data directory for the embedded etcd", func(c *Config) *string { return &c.SecretsKey }),
	text("data", "data", "directory for the embedded etcd and the last good state", func(c *Config) *string { return &c.Data }),
	text("secrets", "secrets", "secrets of modules: a directory with one file for each, or a YAML file of names and values", func(c *Config) *string { return &c.Secrets }),
	list("etcd.endpoints", "etcd-endpoints", "etcd cluster to use, HOST:PORT,…; none starts an embedded etcd", func(c *Config) *[]string { return &c.EtcdEndpoints }),
	text("etcd.listen", "etcd-listen", "client address of the embedded etcd, HOST:PORT", func(c *Config) *string { return &c.EtcdListen }),
	text("etcd.prefix", "etcd-prefix", "prefix of what the gateways keep in etcd, so that several clusters of gateways can share one", func(c *Config) *string { return &c.EtcdPrefix }),
	text("registry.prefix", "registry-prefix", "prefix of the service registry in etcd", func(c *Config) *string { return &c.RegistryPrefix }),
	text("log.format", "log-format", "text or json", func(c *Config) *string { return &c.LogFormat }),
	text("log.level", "log-level", "debug, info, warn or error", func(c *Config) *string { return &c.LogLevel }),
	flagged("watchOnly", "watch-only", "refuse admin writes", func(c *Config) *bool { return &c.WatchOnly }),
	duration("drain", "drain", "how long to go on serving after a stop signal while clients move away", func(c *Config) *time.Duration { return &c.Drain }),
	duration("requestTimeout", "request-timeout", "how long a request may take unless its method says dgate.timeout", func(c *Config) *time.Duration { return &c.RequestTimeout }),
	number("maxBody", "max-body", "largest request body in bytes", func(c *Config) *int { return &c.MaxBody }),
	{
		key: "genericRoute", flag: "generic-route", help: "methods that POST /gateway/SERVICE/METHOD reaches: annotated, all or off",
		get: func(c *Config) string { return string(c.GenericRoute) },
		set: func(c *Config, v string) error { c.GenericRoute = snapshot.GenericMode(v); return nil },
	},
}

func text(key, flag, help string, at func(*Config) *string) setting {
	return setting{
		key: key, flag: flag, help: help,
		get: func(c *Config) string { return *at(c) },
		set: func(c *Config, v string) error { *at(c) = v; return nil },
	}
}

func list(key, flag, help string, at func(*Config) *[]string) setting {
	return setting{
		key: key, flag: flag, help: help,
		get: func(c *Config) string { return strings.Join(*at(c), ",") },
		set: func(c *Config, v string) error {
			*at(c) = nil
			for part := range strings.SplitSeq(v, ",") {
				if part = strings.TrimSpace(part); part != "" {
					*at(c) = append(*at(c), part)
				}
			}
			return nil
		},
	}
}

func flagged(key, flag, help string, at func(*Config) *bool) setting {
	return setting{
		key: key, flag: flag, help: help, boolean: true,
		get: func(c *Config) string { return strconv.FormatBool(*at(c)) },
		set: func(c *Config, v string) error {
			b, err := strconv.ParseBool(v)
			if err != nil {
				return fmt.Errorf("%q is neither true nor false", v)
			}
			*at(c) = b
			return nil
		},
	}
}

func duration(key, flag, help string, at func(*Config) *time.Duration) setting {
	return setting{
		key: key, flag: flag, help: help,
		get: func(c *Config) string { return at(c).String() },
		set: func(c *Config, v string) error {
			d, err := time.ParseDuration(v)
			if err != nil {
				return fmt.Errorf("%q is not a duration; write for example 1.5s", v)
			}
			*at(c) = d
			return nil
		},
	}
}

func number(key, flag, help string, at func(*Config) *int) setting {
	return setting{
		key: key, flag: flag, help: help,
		get: func(c *Config) string { return strconv.Itoa(*at(c)) },
		set: func(c *Config, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil {
				return fmt.Errorf("%q is not a whole number", v)
			}
			*at(c) = n
			return nil
		},
	}
}
