package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
)

var errNoCertificate = errors.New("no domain has a certificate for this name")

// dataTLSConfig is for the listener of the data plane: each connection gets the
// certificate of the domain in the snapshot that serves at that moment.
func (g *Gateway) dataTLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			s := g.current.Load()
			if s == nil {
				return nil, errNoCertificate
			}
			o := s.Domain(hello.ServerName)
			if o == nil || o.Decoded.(*api.Domain).Cert == "" || g.keyring == nil {
				return nil, errNoCertificate
			}
			return g.certificates.of(o, s.Inputs().State, func() (*tls.Certificate, error) { return g.certificate(o) })
		},
	}
}

// certificate is that of a domain, its key decrypted.
func (g *Gateway) certificate(o *store.Object) (*tls.Certificate, error) {
	d := o.Decoded.(*api.Domain)
	key, err := g.keyring.Open(o.Key, []byte(d.Key))
	if err != nil {
		return nil, fmt.Errorf("the key of domain %s: %w", o.Key, err)
	}
	pair, err := tls.X509KeyPair([]byte(d.Cert), key)
	if err != nil {
		return nil, fmt.Errorf("the certificate of domain %s: %w", o.Key, err)
	}
	return &pair, nil
}
