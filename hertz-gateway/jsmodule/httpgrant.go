package jsmodule

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// hostGrant is the HOST of a permission "http:HOST".
type hostGrant struct {
	// host is in lower case: a name, an address, or with suffix what the names
	// end in, the dot included. Empty is every host.
	host   string
	suffix bool
	// port is empty when every port will do.
	port string
}

func parseHostGrant(text string) (g hostGrant, err error) {
	host := text
	if i := strings.LastIndexByte(text, ':'); i > strings.LastIndexByte(text, ']') {
		host, g.port = text[:i], text[i+1:]
		if n, err := strconv.ParseUint(g.port, 10, 16); err != nil || n == 0 {
			return g, fmt.Errorf("%q is not a port", g.port)
		}
	}
	valid := false
	switch {
	case host == "*":
		return g, nil
	case strings.HasPrefix(host, "*."):
		g.suffix, host = true, host[1:]
		valid = isHostName(host[1:])
	case strings.HasPrefix(host, "["):
		host = strings.Trim(host, "[]")
		valid = net.ParseIP(host) != nil
	default:
		valid = isHostName(host)
	}
	if !valid {
		return g, fmt.Errorf("%q is not a host: write api.example.com, *.example.com, api.example.com:8443, [::1] or *", text)
	}
	g.host = strings.ToLower(host)
	return g, nil
}

func isHostName(s string) bool { return s != "" && !strings.ContainsAny(s, "*/@?#[]: \t") }

// HTTPGranted says whether a request to u may be made by a module with these
// grants, each the HOST of "http:HOST": a name or an address, "*.example.com"
// for the names below it, "*" for all, each with a port or for every port. named
// is set when one of them names the very host: only such a host may be on a
// private network.
func HTTPGranted(grants []string, u *url.URL) (ok, named bool) {
	if u.Scheme != "http" && u.Scheme != "https" {
		return false, false
	}
	host, port := strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), u.Port()
	if port == "" {
		port = defaultPorts[u.Scheme]
	}
	for _, text := range grants {
		g, err := parseHostGrant(text)
		if err != nil || g.port != "" && g.port != port {
			continue
		}
		switch {
		case g.host == "":
			ok = true
		case g.suffix:
			ok = ok || strings.HasSuffix(host, g.host)
		case g.host == host:
			return true, true
		}
	}
	return ok, false
}
