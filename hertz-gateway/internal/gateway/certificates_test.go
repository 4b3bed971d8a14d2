package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"
)

// selfSigned makes a certificate for a name, and its key, in PEM.
func selfSigned(t *testing.T, name string, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}))
}

// TestTLSOfDomains: the name that a client asks for chooses certificate and
// namespace, and a certificate that is replaced serves at once.
func TestTLSOfDomains(t *testing.T) {
	g := start(t, nil, func(c *Config) {
		c.TLSListen = "127.0.0.1:0"
		c.EtcdEndpoints, c.EtcdListen = nil, "127.0.0.1:0" // with a key for secrets
	})
	put := func(cert, key string) answer {
		body, err := json.Marshal(map[string]any{"patterns": []string{"*.shop.test"}, "cert": cert, "key": key})
		if err != nil {
			t.Fatal(err)
		}
		return g.admin("PUT", "/api/v1/domain/d?namespace=shop&wait=true", string(body))
	}
	g.applied("POST", "/api/v1/apply", `{"resources":[
		{"kind":"namespace","name":"shop"},
		{"kind":"module","name":"hello","namespace":"shop","payloadRaw":"export function requestHandler(ctx) { return ctx.request.url }"},
		{"kind":"route","name":"r","namespace":"shop","paths":["/hello"],"modules":["hello"]}
	]}`)
	ask := func(cert string) (serial string, err error) {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(cert))
		c := &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "a.shop.test"}, DisableKeepAlives: true,
		}}
		req, err := http.NewRequest("GET", "https://"+g.dataTLS.Addr()+"/hello", nil)
		if err != nil {
			return "", err
		}
		req.Host = "a.shop.test"
		res, err := c.Do(req)
		if err != nil {
			return "", err
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return "", err
		}
		if res.StatusCode != 200 || !strings.HasPrefix(string(body), "https://a.shop.test/hello") {
			return "", fmt.Errorf("%d %s", res.StatusCode, body)
		}
		return res.TLS.PeerCertificates[0].SerialNumber.String(), nil
	}
	cert1, key1 := selfSigned(t, "a.shop.test", 1)
	cert2, key2 := selfSigned(t, "a.shop.test", 2)
	if _, err := ask(cert1); err == nil {
		t.Error("served without a certificate")
	}
	if a := put(cert1, key2); a.status != 400 || !strings.Contains(a.body, `"/cert"`) {
		t.Errorf("no pair: %d %s", a.status, a.body)
	}
	for i, pair := range [][2]string{{cert1, key1}, {cert2, key2}} {
		if a := put(pair[0], pair[1]); a.status/100 != 2 || strings.Contains(a.body, "PRIVATE") {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if serial, err := ask(pair[0]); err != nil || serial != fmt.Sprint(i+1) {
			t.Errorf("certificate %d: %s %v", i+1, serial, err)
		}
	}
	g.applied("PATCH", "/api/v1/domain/d?namespace=shop", `{"priority":3}`)
	if _, err := ask(cert2); err != nil {
		t.Errorf("after a patch: %v", err)
	}
}
