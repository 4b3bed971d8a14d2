package jsmodule

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/golang-jwt/jwt/v5"
)

// maxToken bounds the text of a token.
const maxToken = 64 << 10

// makeJWT makes `import { sign, verify } from "dgate/jwt"`: JSON Web Tokens,
// RFC 7519, signed with HS, RS, PS, ES and EdDSA (RFC 7518, 8037). The option
// names are those of the jsonwebtoken package.
func (m *moduleInstance) makeJWT() goja.Value {
	rt := m.rt
	o := rt.vm.NewObject()
	date := rt.vm.GlobalObject().Get("Date").(*goja.Object)
	clock, _ := goja.AssertFunction(date.Get("now"))
	t := &tokens{m: m, now: func() time.Time { return time.UnixMilli(must1(clock(date)).ToInteger()) }}
	rt.method(o, "sign", 3, func(call goja.FunctionCall) goja.Value {
		return rt.newString(t.sign(call.Argument(0), call.Argument(1), call.Argument(2)))
	})
	rt.method(o, "verify", 3, func(call goja.FunctionCall) goja.Value {
		return t.verify(call.Argument(0), call.Argument(1), call.Argument(2))
	})
	return o
}

// tokens is "dgate/jwt" for one module.
type tokens struct {
	m   *moduleInstance
	now func() time.Time // the script's Date.now
}

// algorithms are what a key may be used with: its kind decides, and a JWK may
// narrow it down. That a token names its algorithm itself changes nothing.
func (k *cryptoKey) algorithms() []string {
	var all []string
	switch public := k.public.(type) {
	case nil:
		all = []string{"HS256", "HS384", "HS512"}
	case *rsa.PublicKey:
		all = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		all = []string{map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[curveName(public.Curve)]}
	case ed25519.PublicKey:
		all = []string{"EdDSA"}
	}
	if k.algorithm == "" {
		return all
	}
	named := k.algorithm
	if named == "Ed25519" {
		named = "EdDSA" // RFC 9864
	}
	return slices.DeleteFunc(all, func(a string) bool { return a != named })
}

// permits says whether a JWK may be used to "sign" or "verify".
func (k *cryptoKey) permits(operation string) bool {
	return (k.use == "" || k.use == "sig") && (len(k.operations) == 0 || slices.Contains(k.operations, operation))
}

// sign makes a token.
func (t *tokens) sign(payload, key, options goja.Value) string {
	rt := t.m.rt
	claims, ok := payload.(*goja.Object)
	if !ok || rt.isArray(claims) || isFunction(claims) {
		rt.throwType("sign: the payload must be an object")
	}
	k := t.m.key(key, "sign")
	opts := jsOptions{rt, options, "sign"}

	algorithms := k.algorithms()
	algorithm := opts.text("algorithm")
	switch {
	case !k.permits("sign") || len(algorithms) == 0:
		rt.throwType("sign: the key is not for signing")
	case algorithm == "":
		algorithm = algorithms[0]
	case !slices.Contains(algorithms, algorithm):
		rt.throwType("sign: algorithm %q does not go with this key: %s", algorithm, strings.Join(algorithms, ", "))
	}
	var signer any = k.secret
	if k.public != nil {
		if k.private == nil {
			rt.throwType("sign: signing needs a private key")
		}
		signer = k.private
	}

	header := rt.vm.NewObject()
	if given, ok := opts.get("header").(*goja.Object); ok {
		for _, name := range given.Keys() {
			own(header, name, given.Get(name))
		}
	}
	own(header, "alg", rt.newString(algorithm))
	if isNil(header.Get("typ")) {
		own(header, "typ", rt.newString("JWT"))
	}
	if kid := opts.text("keyid"); kid != "" {
		own(header, "kid", rt.newString(kid))
	} else if k.id != "" && isNil(header.Get("kid")) {
		own(header, "kid", rt.newString(k.id))
	}

	text := segment(rt.marshal(header)) + "." + segment(rt.marshal(t.claims(claims, opts)))
	signature, err := jwt.GetSigningMethod(algorithm).Sign(text, signer)
	if err != nil {
		rt.throwType("sign: %v", err)
	}
	return text + "." + segment(signature)
}

func segment(data []byte) string { return (&jwt.Token{}).EncodeSegment(data) }

// claims are the payload with what the options add.
func (t *tokens) claims(payload *goja.Object, opts jsOptions) *goja.Object {
	rt := t.m.rt
	claims := rt.vm.NewObject()
	for _, name := range payload.Keys() {
		own(claims, name, payload.Get(name))
	}
	add := func(claim string, v goja.Value) {
		if !isNil(claims.Get(claim)) {
			rt.throwType("sign: the payload has %q already", claim)
		}
		own(claims, claim, v)
	}
	for _, o := range []struct{ claim, option string }{{"aud", "audience"}, {"iss", "issuer"}, {"sub", "subject"}, {"jti", "jwtid"}} {
		if v := opts.get(o.option); !isNil(v) {
			add(o.claim, v)
		}
	}
	issued := t.now()
	switch iat := claims.Get("iat"); {
	case !isNil(iat):
		issued = time.Unix(integer(iat, 0, math.MaxInt32<<20), 0)
	case !opts.flag("noTimestamp"):
		own(claims, "iat", rt.vm.ToValue(issued.Unix()))
	}
	for _, o := range []struct{ claim, option string }{{"nbf", "notBefore"}, {"exp", "expiresIn"}} {
		if d, ok := opts.duration(o.option); ok {
			add(o.claim, rt.vm.ToValue(issued.Add(d).Unix()))
		}
	}
	for _, claim := range []string{"exp", "nbf", "iat"} {
		if v := claims.Get(claim); !isNil(v) && !goja.IsNumber(v) {
			rt.throwType("sign: %q must be a number of seconds", claim)
		}
	}
	return claims
}

// verify checks a token and gives its claims.
func (t *tokens) verify(token, key, options goja.Value) goja.Value {
	rt := t.m.rt
	opts := jsOptions{rt, options, "verify"}
	keys := t.verifiers(key, opts)
	text, ok := token.(goja.String)
	if !ok || text.Length() > maxToken {
		t.fail("jwt_malformed", "not a token: text of at most 64 KiB", "")
	}
	if v := opts.get("clockTimestamp"); !isNil(v) {
		at := time.Unix(integer(v, 0, math.MaxInt32<<20), 0)
		t = &tokens{m: t.m, now: func() time.Time { return at }}
	}

	parsed, err := jwt.NewParser(t.parserOptions(opts)...).Parse(text.String(), func(tok *jwt.Token) (any, error) {
		return keysFor(tok, keys)
	})
	if err != nil {
		t.refuse(err)
	}
	claims, _ := parsed.Claims.(jwt.MapClaims)
	t.checkClaims(claims, opts)

	parts := strings.Split(parsed.Raw, ".")
	payload := t.decoded(parts[1])
	if !opts.flag("complete") {
		return payload
	}
	whole := rt.vm.NewObject()
	own(whole, "header", t.decoded(parts[0]))
	own(whole, "payload", payload)
	own(whole, "signature", rt.newString(parts[2]))
	return whole
}

// verifier is a key with the algorithms that it verifies here.
type verifier struct {
	*cryptoKey
	algorithms []string
}

// verifiers reads the key or the JWK Set, and the algorithms that the caller
// allows.
func (t *tokens) verifiers(key goja.Value, opts jsOptions) []verifier {
	rt := t.m.rt
	text := t.m.keyText(key, "verify")
	var keys []*cryptoKey
	var err error
	if isJWKSet(text) {
		keys, err = keysFromJWKSet(text)
	} else {
		keys = make([]*cryptoKey, 1)
		keys[0], err = keyFromText(text)
	}
	if err != nil {
		rt.throwType("verify: %v", err)
	}
	wanted := opts.list("algorithms")
	if slices.ContainsFunc(wanted, func(a string) bool { return strings.EqualFold(a, "none") }) {
		rt.throwType("verify: algorithm \"none\" is never accepted")
	}
	var usable []verifier
	for _, k := range keys {
		algorithms := k.algorithms()
		if wanted != nil {
			algorithms = slices.DeleteFunc(algorithms, func(a string) bool { return !slices.Contains(wanted, a) })
		}
		if k.permits("verify") && len(algorithms) > 0 {
			usable = append(usable, verifier{k, algorithms})
		}
	}
	if len(usable) == 0 {
		rt.throwType("verify: the key goes with none of the algorithms %s", strings.Join(wanted, ", "))
	}
	return usable
}

func isJWKSet(text []byte) bool {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	text = bytes.TrimSpace(text)
	return len(text) > 0 && text[0] == '{' && json.Unmarshal(text, &set) == nil && set.Keys != nil
}

// errAlgorithm refuses a token before its signature is looked at.
var errAlgorithm = errors.New("the token's algorithm is not one of those that are allowed with this key")

// keysFor picks the keys for a token: by its key id, where both have one, and
// by its algorithm.
func keysFor(token *jwt.Token, keys []verifier) (any, error) {
	// RFC 7515 section 4.1.11: an extension that is not understood.
	if _, ok := token.Header["crit"]; ok {
		return nil, errors.New("the token needs extensions that are not supported")
	}
	kid, _ := token.Header["kid"].(string)
	named := slices.ContainsFunc(keys, func(k verifier) bool { return k.id == kid && kid != "" })
	var set jwt.VerificationKeySet
	for _, k := range keys {
		if named && k.id != kid || !slices.Contains(k.algorithms, token.Method.Alg()) {
			continue
		}
		if k.public == nil {
			set.Keys = append(set.Keys, k.secret)
		} else {
			set.Keys = append(set.Keys, k.public)
		}
	}
	if len(set.Keys) == 0 {
		return nil, errAlgorithm
	}
	return set, nil
}

func (t *tokens) parserOptions(opts jsOptions) []jwt.ParserOption {
	tolerance, _ := opts.duration("clockTolerance")
	list := []jwt.ParserOption{
		jwt.WithTimeFunc(t.now), jwt.WithLeeway(tolerance), jwt.WithIssuedAt(),
		jwt.WithJSONNumber(), jwt.WithStrictDecoding(),
	}
	if audiences := opts.list("audience"); audiences != nil {
		list = append(list, jwt.WithAudience(audiences...))
	}
	return list
}

// checkClaims checks what the library does not, or says too little about:
// issuers, the subject, claims that must be there, the greatest age.
func (t *tokens) checkClaims(claims jwt.MapClaims, opts jsOptions) {
	if issuers := opts.list("issuer"); issuers != nil {
		if issuer, _ := claims.GetIssuer(); !slices.Contains(issuers, issuer) {
			t.fail("jwt_claim", "the token is not from the issuer that is expected", "iss")
		}
	}
	if wanted := opts.text("subject"); wanted != "" {
		if subject, _ := claims.GetSubject(); subject != wanted {
			t.fail("jwt_claim", "the token is not for the subject that is expected", "sub")
		}
	}
	for _, name := range opts.list("requiredClaims") {
		if _, ok := claims[name]; !ok {
			t.fail("jwt_claim", "the token has no "+name, name)
		}
	}
	age, ok := opts.duration("maxAge")
	if !ok {
		return
	}
	issued, err := claims.GetIssuedAt()
	if err != nil || issued == nil {
		t.fail("jwt_claim", "the token has no iat", "iat")
	}
	tolerance, _ := opts.duration("clockTolerance")
	if t.now().After(issued.Add(age + tolerance)) {
		t.fail("jwt_expired", "the token is too old", "iat")
	}
}

// decoded reads a part of a token that has been verified.
func (t *tokens) decoded(part string) goja.Value {
	data, err := jwt.NewParser(jwt.WithStrictDecoding()).DecodeSegment(part)
	must(err)
	p := jsonParser{rt: t.m.rt, src: data}
	return p.whole()
}

// refuse throws what is wrong with a token.
func (t *tokens) refuse(err error) {
	for _, known := range []struct {
		err                  error
		code, message, claim string
	}{
		{errAlgorithm, "jwt_algorithm", errAlgorithm.Error(), ""},
		{jwt.ErrTokenMalformed, "jwt_malformed", "not a token", ""},
		{jwt.ErrTokenUnverifiable, "jwt_algorithm", "the token cannot be verified: its algorithm or an extension is not supported", ""},
		{jwt.ErrTokenSignatureInvalid, "jwt_signature", "the signature is wrong", ""},
		{jwt.ErrTokenExpired, "jwt_expired", "the token has expired", "exp"},
		{jwt.ErrTokenNotValidYet, "jwt_not_yet_valid", "the token is not valid yet", "nbf"},
		{jwt.ErrTokenUsedBeforeIssued, "jwt_not_yet_valid", "the token was issued in the future", "iat"},
		{jwt.ErrTokenInvalidAudience, "jwt_claim", "the token is not for the audience that is expected", "aud"},
		{jwt.ErrTokenRequiredClaimMissing, "jwt_claim", "the token is for no audience", "aud"},
	} {
		if errors.Is(err, known.err) {
			t.fail(known.code, known.message, known.claim)
		}
	}
	t.fail("jwt_claim", fmt.Sprintf("the token is refused: %v", err), "")
}

// fail throws an error with the status that a client should get.
func (t *tokens) fail(code, message, claim string) {
	e := t.m.rt.hostError("JwtError", &CallError{Code: code, Status: http.StatusUnauthorized, Message: message})
	if claim != "" {
		own(e, "claim", t.m.rt.newString(claim))
	}
	panic(e)
}

// jsOptions reads the options argument of a function.
type jsOptions struct {
	rt   *vmRuntime
	v    goja.Value
	name string // of the function
}

func (o jsOptions) get(key string) goja.Value {
	options, ok := o.v.(*goja.Object)
	if !ok {
		if !isNil(o.v) {
			o.rt.throwType("%s: the options must be an object", o.name)
		}
		return nil
	}
	return options.Get(key)
}

func (o jsOptions) flag(key string) bool { return truthy(o.get(key)) }

// text is an option that is a string, "" without one.
func (o jsOptions) text(key string) string {
	v := o.get(key)
	if _, ok := v.(goja.String); !ok && !isNil(v) {
		o.rt.throwType("%s: %s must be a string", o.name, key)
	}
	return str(v)
}

// list is an option that is a string or an array of strings, nil without one.
func (o jsOptions) list(key string) []string {
	v := o.get(key)
	if isNil(v) {
		return nil
	}
	values := []goja.Value{v}
	if array, ok := v.(*goja.Object); ok && o.rt.isArray(array) {
		values = o.rt.list(array)
	}
	list := make([]string, 0, len(values))
	for _, v := range values {
		if _, ok := v.(goja.String); !ok {
			o.rt.throwType("%s: %s must be a string or an array of strings", o.name, key)
		}
		list = append(list, v.String())
	}
	if len(list) == 0 {
		o.rt.throwType("%s: %s must not be empty", o.name, key)
	}
	return list
}

// maxAge bounds durations in options.
const maxAge = 100 * 365 * 24 * time.Hour

// duration is an option in seconds, or text such as "15m" or "7d".
func (o jsOptions) duration(key string) (time.Duration, bool) {
	v := o.get(key)
	if isNil(v) {
		return 0, false
	}
	if goja.IsNumber(v) {
		if f := v.ToFloat(); math.Abs(f) <= maxAge.Seconds() {
			return time.Duration(f * float64(time.Second)), true
		}
	} else if s, ok := v.(goja.String); ok {
		text, factor := s.String(), time.Duration(1)
		if days, ok := strings.CutSuffix(text, "d"); ok {
			text, factor = days+"h", 24
		}
		if d, err := time.ParseDuration(text); err == nil && d.Abs() <= maxAge/factor {
			return d * factor, true
		}
	}
	o.rt.throwType("%s: %s must be seconds, or text such as \"15m\" or \"7d\"", o.name, key)
	return 0, false
}
