package gateway

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"dgate/hertz-gateway/internal/admin"
)

// makeCredential is `hertz-gateway token` and `hertz-gateway password`: what
// admin.auth needs, never the secret itself in a file.
func makeCredential(what string, stdin io.Reader, stdout, stderr io.Writer) int {
	if what == "token" {
		token, hash := admin.NewToken()
		say(stdout, "token: "+token)
		say(stdout, "hash:  "+hash)
		return 0
	}
	line, err := bufio.NewReader(io.LimitReader(stdin, 4096)).ReadString('\n')
	if password := strings.TrimRight(line, "\r\n"); password != "" && (err == nil || errors.Is(err, io.EOF)) {
		hash, err := admin.HashPassword(password)
		if err == nil {
			say(stdout, "hash: "+hash)
			return 0
		}
		say(stderr, err.Error())
		return 1
	}
	say(stderr, "write the password to standard input: hertz-gateway password < FILE")
	return 2
}

// adminTLS reads the files of the admin API's TLS; nil without any.
func adminTLS(c *Config) (*tls.Config, error) {
	if c.AdminCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.AdminCert, c.AdminKey)
	if err != nil {
		return nil, fmt.Errorf("the certificate of the admin API (admin.tls.cert): %w", err)
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if c.AdminClientCA == "" {
		return out, nil
	}
	pem, err := os.ReadFile(c.AdminClientCA)
	if err != nil {
		return nil, fmt.Errorf("admin.tls.clientCA: %w", err)
	}
	out.ClientCAs = x509.NewCertPool()
	if !out.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("admin.tls.clientCA: %s holds no certificate", c.AdminClientCA)
	}
	out.ClientAuth = tls.VerifyClientCertIfGiven
	return out, nil
}
