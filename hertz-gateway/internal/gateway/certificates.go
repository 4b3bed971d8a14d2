package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"sync"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
)

// certificates are those of the domains, read when a client first asks for
// them. Safe for concurrent use.
type certificates struct {
	mu   sync.Mutex
	read map[store.Key]readCertificate
}

type readCertificate struct {
	of   *store.Object
	pair *tls.Certificate
}

var errNoCertificate = errors.New("no domain has a certificate for this name")

// config is for the listener of the data plane: each connection gets the
// certificate of the domain in the snapshot that serves at that moment.
func (c *certificates) config(g *Gateway) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			s := g.current.Load()
			if s == nil {
				return nil, errNoCertificate
			}
			return c.of(g, s.Domain(hello.ServerName))
		},
	}
}

func (c *certificates) of(g *Gateway, o *store.Object) (*tls.Certificate, error) {
	if o == nil || o.Decoded.(*api.Domain).Cert == "" || g.keyring == nil {
		return nil, errNoCertificate
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.read[o.Key]; r.of == o {
		return r.pair, nil
	}
	d := o.Decoded.(*api.Domain)
	key, err := g.keyring.Open(o.Key, []byte(d.Key))
	if err != nil {
		return nil, fmt.Errorf("the key of domain %s: %w", o.Key, err)
	}
	pair, err := tls.X509KeyPair([]byte(d.Cert), key)
	if err != nil {
		return nil, fmt.Errorf("the certificate of domain %s: %w", o.Key, err)
	}
	if c.read == nil {
		c.read = map[store.Key]readCertificate{}
	}
	c.read[o.Key] = readCertificate{o, &pair}
	return &pair, nil
}
