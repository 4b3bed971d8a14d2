package gateway

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"dgate/hertz-gateway/internal/admin"
	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
)

// Config is everything that can be chosen when a gateway starts. DefaultConfig
// holds the defaults; each field's key in dgate.yaml, flag and environment
// variable stand in the table of settings.
type Config struct {
	Listen string
	// TLSListen is where clients call with TLS; empty: nowhere.
	TLSListen   string
	AdminListen string
	// AdminHosts are names of the admin listener besides those of this machine.
	AdminHosts []string
	// AdminCert, AdminKey and AdminClientCA are PEM files: TLS for the admin API.
	AdminCert, AdminKey, AdminClientCA string
	AdminAuth                          admin.Credentials
	IDL                                string
	IDLGate                            GateMode
	Modules                            string
	Data                               string
	Secrets                            string
	EtcdEndpoints                      []string
	EtcdListen                         string
	EtcdPrefix                         string
	RegistryPrefix                     string
	LogFormat                          string
	LogLevel                           string
	WatchOnly                          bool
	SecretsKey                         string
	Drain                              time.Duration
	RequestTimeout                     time.Duration
	MaxBody                            int
	GenericRoute                       snapshot.GenericMode
	// Permissions that modules have unless they name their own.
	ModulePermissions []string
	Services          map[string]upstream.Settings
	// Resources are applied at every start.
	Resources []Declared
}

// DefaultConfig is what a gateway does when nothing is said.
func DefaultConfig() Config {
	return Config{
		Listen:         ":8080",
		AdminListen:    "127.0.0.1:9080",
		IDL:            "idl",
		IDLGate:        GateWarn,
		Data:           ".dgate",
		EtcdListen:     "127.0.0.1:2379",
		RegistryPrefix: "kitex/registry-etcd",
		LogFormat:      "text",
		LogLevel:       "info",
		Drain:          5 * time.Second,
		RequestTimeout: 10 * time.Second,
		MaxBody:        4 << 20,
		GenericRoute:   snapshot.GenericOff,
	}
}

// Validate tells what is wrong with c, all of it in one error.
func (c *Config) Validate() error {
	var wrong []string
	bad := func(key, format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if _, _, err := net.SplitHostPort(c.TLSListen); c.TLSListen != "" && err != nil {
		bad("tls.listen", "%q is not an address; write host:port", c.TLSListen)
	}
	for key, addr := range map[string]string{"listen": c.Listen, "admin.listen": c.AdminListen, "etcd.listen": c.EtcdListen} {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			bad(key, "%q is not an address; write host:port", addr)
		}
	}
	if !loopback(c.AdminListen) && c.AdminAuth.Empty() {
		bad("admin.listen", "%s can be reached from other machines, and anybody could use it; set admin.auth, or listen on 127.0.0.1", c.AdminListen)
	}
	if (c.AdminCert == "") != (c.AdminKey == "") {
		bad("admin.tls.cert", "the certificate and admin.tls.key go together")
	}
	if c.AdminClientCA != "" && c.AdminCert == "" {
		bad("admin.tls.clientCA", "client certificates need admin.tls.cert")
	}
	if len(c.AdminAuth.Clients) > 0 && c.AdminClientCA == "" {
		bad("admin.auth.clients", "client certificates are checked against admin.tls.clientCA, which is not set")
	}
	if len(c.EtcdEndpoints) == 0 && !loopback(c.EtcdListen) {
		bad("etcd.listen", "%s can be reached from other machines, and the embedded etcd has no authentication; listen on 127.0.0.1, or run an etcd cluster and name it with etcd.endpoints", c.EtcdListen)
	}
	if c.IDL == "" {
		bad("idl", "name the directory of the IDLs")
	}
	if strings.Trim(c.RegistryPrefix, "/") == "" {
		bad("registry.prefix", "is empty")
	}
	for _, grant := range c.ModulePermissions {
		if err := jsmodule.CheckPermission(grant); err != nil {
			bad("modules.defaultPermissions", "%v", err)
		}
	}
	if c.Drain < 0 {
		bad("drain", "%s is negative", c.Drain)
	}
	if c.RequestTimeout <= 0 {
		bad("requestTimeout", "%s is not a positive duration", c.RequestTimeout)
	}
	if c.MaxBody <= 0 {
		bad("maxBody", "%d is not a positive number of bytes", c.MaxBody)
	}
	oneOf := func(key, v string, allowed ...string) {
		for _, a := range allowed {
			if v == a {
				return
			}
		}
		bad(key, "%q is none of %s", v, strings.Join(slices.DeleteFunc(allowed, func(a string) bool { return a == "" }), ", "))
	}
	oneOf("log.format", c.LogFormat, "text", "json")
	oneOf("log.level", c.LogLevel, "debug", "info", "warn", "error")
	oneOf("idlGate", string(c.IDLGate), string(GateOff), string(GateWarn), string(GateRefuse))
	oneOf("genericRoute", string(c.GenericRoute), "annotated", "all", "off")
	for name, s := range c.Services {
		oneOf("services."+name+".codec", string(s.Codec), "", string(upstream.CodecDGate), string(upstream.CodecKitexJSON))
		oneOf("services."+name+".transport", string(s.Transport), "", string(upstream.TransportTTHeader), string(upstream.TransportFramed))
	}
	if len(wrong) == 0 {
		return nil
	}
	return &ConfigError{Problems: wrong}
}

// ConfigError is a configuration that cannot be used.
type ConfigError struct{ Problems []string }

func (e *ConfigError) Error() string { return strings.Join(e.Problems, "\n") }

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return true // reported as no address at all
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
