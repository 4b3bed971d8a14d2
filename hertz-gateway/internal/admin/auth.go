package admin

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/message"
)

// Credentials say who may use the admin API, and as what.
type Credentials struct {
	// Tokens are bearer tokens, Users log in with a password (basic).
	Tokens, Users []Credential
	// Clients are certificates by common name; that they are genuine is checked
	// by TLS.
	Clients []Credential
}

// Credential is one caller. Hash is "sha256:HEX" of a token or what
// HashPassword makes of a password; for a certificate it is empty and Name is
// the common name.
type Credential struct {
	Name       string
	Role       string
	Namespaces []string
	Hash       string
}

// Empty tells that nobody is named.
func (c *Credentials) Empty() bool { return len(c.Tokens)+len(c.Users)+len(c.Clients) == 0 }

// RoleNamed finds a role: viewer, editor or admin.
func RoleNamed(name string) (Role, bool) {
	r, ok := map[string]Role{"viewer": Viewer, "editor": Editor, "admin": Admin}[name]
	return r, ok
}

// auth tells who a request is from.
type auth struct {
	// open: requests without credentials come from this machine and may do all.
	open    bool
	tokens  map[[sha256.Size]byte]Caller
	users   map[string]user
	clients map[string]Caller

	// guess lets one password be checked at a time: each costs a tenth of a
	// second of CPU, which requests of the data plane need.
	guess chan struct{}
	// known holds the passwords that were right, so that they cost once.
	mu    sync.Mutex
	known map[[sha256.Size]byte]Caller
}

type user struct {
	caller Caller
	hash   passwordHash
}

// newAuth compiles the credentials; errors name the entry.
func newAuth(c Credentials) (*auth, error) {
	a := &auth{
		open: c.Empty(), tokens: map[[sha256.Size]byte]Caller{}, users: map[string]user{}, clients: map[string]Caller{},
		guess: make(chan struct{}, 1), known: map[[sha256.Size]byte]Caller{},
	}
	var wrong []error
	each := func(what string, list []Credential, add func(Credential, Caller) error) {
		for i, cr := range list {
			at := what + "." + strconv.Itoa(i)
			role, ok := RoleNamed(cr.Role)
			switch {
			case cr.Name == "":
				wrong = append(wrong, fmt.Errorf("%s: name is missing", at))
			case !ok:
				wrong = append(wrong, fmt.Errorf("%s: the role %q is none of viewer, editor, admin", at, cr.Role))
			default:
				if err := add(cr, Caller{Name: cr.Name, Role: role, Namespaces: cr.Namespaces}); err != nil {
					wrong = append(wrong, fmt.Errorf("%s: %w", at, err))
				}
			}
		}
	}
	each("tokens", c.Tokens, func(cr Credential, who Caller) error {
		raw, err := hex.DecodeString(strings.TrimPrefix(cr.Hash, "sha256:"))
		if err != nil || len(raw) != sha256.Size || !strings.HasPrefix(cr.Hash, "sha256:") {
			return errors.New("hash is not sha256:HEX; `hertz-gateway token` makes one")
		}
		a.tokens[[sha256.Size]byte(raw)] = who
		return nil
	})
	each("users", c.Users, func(cr Credential, who Caller) error {
		hash, err := parsePasswordHash(cr.Hash)
		if _, twice := a.users[cr.Name]; twice {
			return fmt.Errorf("the user %s stands there twice", cr.Name)
		}
		a.users[cr.Name] = user{who, hash}
		return err
	})
	each("clients", c.Clients, func(cr Credential, who Caller) error {
		a.clients[cr.Name] = who
		return nil
	})
	return a, errors.Join(wrong...)
}

// caller tells who sent a request; ok is false without credentials or with
// wrong ones.
func (a *auth) caller(ctx context.Context, req *message.Request) (who Caller, ok bool) {
	if a.open {
		return Caller{Name: "local", Role: Admin}, true
	}
	if who, ok := a.clients[req.Peer]; ok && req.Peer != "" {
		return who, true
	}
	var header string
	req.Header("Authorization", func(v []byte) bool { header = string(v); return false })
	scheme, value, _ := strings.Cut(header, " ")
	switch strings.ToLower(scheme) {
	case "bearer":
		// The map is keyed by the hash: what a comparison could tell of it is of
		// no use to somebody who does not know the token.
		who, ok := a.tokens[sha256.Sum256([]byte(strings.TrimSpace(value)))]
		return who, ok
	case "basic":
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if err != nil {
			return Caller{}, false
		}
		return a.login(ctx, raw)
	}
	return Caller{}, false
}

// login checks "name:password".
func (a *auth) login(ctx context.Context, pair []byte) (Caller, bool) {
	key := sha256.Sum256(pair)
	a.mu.Lock()
	who, ok := a.known[key]
	a.mu.Unlock()
	if ok {
		return who, true
	}
	name, password, _ := strings.Cut(string(pair), ":")
	u, exists := a.users[name]
	if !exists {
		u.hash = nobody // costs the same, so that names cannot be found out
	}
	select {
	case a.guess <- struct{}{}:
		defer func() { <-a.guess }()
	case <-ctx.Done():
		return Caller{}, false
	}
	if !u.hash.match(password) || !exists {
		return Caller{}, false
	}
	a.mu.Lock()
	a.known[key] = u.caller
	a.mu.Unlock()
	return u.caller, true
}

// passwordHash is a password as it is kept: PBKDF2 with SHA-256.
type passwordHash struct {
	rounds    int
	salt, sum []byte
}

const (
	passwordRounds = 600_000 // OWASP's figure for PBKDF2-HMAC-SHA256
	maxRounds      = 10_000_000
)

// nobody is the hash of a user who does not exist; nothing matches it.
var nobody = passwordHash{passwordRounds, make([]byte, 16), make([]byte, sha256.Size)}

// HashPassword makes what Credential.Hash holds for a password:
// "pbkdf2-sha256:ROUNDS:SALT:SUM", the last two in base64.
func HashPassword(password string) (string, error) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	sum, err := pbkdf2.Key(sha256.New, password, salt, passwordRounds, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return fmt.Sprintf("pbkdf2-sha256:%d:%s:%s", passwordRounds, base64.StdEncoding.EncodeToString(salt), base64.StdEncoding.EncodeToString(sum)), nil
}

// NewToken makes a random token and its hash.
func NewToken() (token, hash string) {
	var raw [24]byte
	_, _ = rand.Read(raw[:]) // never fails
	token = "dgate_" + base64.RawURLEncoding.EncodeToString(raw[:])
	sum := sha256.Sum256([]byte(token))
	return token, "sha256:" + hex.EncodeToString(sum[:])
}

func parsePasswordHash(text string) (h passwordHash, err error) {
	bad := errors.New("hash is not that of a password; `hertz-gateway password` makes one")
	parts := strings.Split(text, ":")
	if len(parts) != 4 || parts[0] != "pbkdf2-sha256" {
		return h, bad
	}
	if h.rounds, err = strconv.Atoi(parts[1]); err != nil || h.rounds < 1000 || h.rounds > maxRounds {
		return h, bad
	}
	if h.salt, err = base64.StdEncoding.DecodeString(parts[2]); err != nil {
		return h, bad
	}
	if h.sum, err = base64.StdEncoding.DecodeString(parts[3]); err != nil || len(h.sum) != sha256.Size {
		return h, bad
	}
	return h, nil
}

func (h passwordHash) match(password string) bool {
	sum, err := pbkdf2.Key(sha256.New, password, h.salt, h.rounds, len(h.sum))
	return err == nil && subtle.ConstantTimeCompare(sum, h.sum) == 1
}

// authorize finds the caller and refuses what is beyond its role.
func (x *exchange) authorize(ctx context.Context) *api.Problem {
	if x.endpoint.role == Anyone {
		return nil
	}
	who, ok := x.auth.caller(ctx, x.req)
	if !ok {
		x.setHeader("WWW-Authenticate", `Bearer, Basic realm="dgate"`)
		return api.NewProblem(api.Unauthorized, "The admin API asks for a token, a password or a client certificate.")
	}
	x.caller = who
	if who.Role < x.endpoint.role {
		return api.NewProblem(api.Forbidden, fmt.Sprintf("%s is %s; this takes %s.", who.Name, who.Role, x.endpoint.role))
	}
	if x.endpoint.whole && who.Namespaces != nil {
		return api.NewProblem(api.Forbidden, "This is about all namespaces, and "+who.Name+" is confined to some.")
	}
	return nil
}

// String is the role's name.
func (r Role) String() string {
	switch r {
	case Viewer:
		return "viewer"
	case Editor:
		return "editor"
	case Admin:
		return "admin"
	}
	return "anyone"
}
