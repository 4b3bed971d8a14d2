package store

import (
	"fmt"
	"strings"
)

// Where things are in etcd. The state is what is below configPrefix.
const (
	configPrefix   = "/dgate/config/"
	dataPrefix     = "/dgate/data/"
	gatewaysPrefix = "/dgate/gateways/"
	historyPrefix  = "/dgate/history/"
	stagePrefix    = "/dgate/stage/"
	// entryPrefix has what the history says of each commit, by its id. What it
	// changed is below stagePrefix.
	entryPrefix = historyPrefix + "entry/"
	// floorKey holds the revision down to which the history reaches.
	floorKey = historyPrefix + "floor"
	// identityKey holds a random text, made by the first gateway: an etcd
	// without it has lost our keys, or never had any.
	identityKey = "/dgate/cluster"

	// Below configPrefix, beside the objects; no name begins with "!".
	commitPath  = "!commit"
	guardPrefix = "!guard/"
	// everyNamespace is a guard that every commit compares.
	everyNamespace = "*"
)

// maxSegment bounds the parts of a key, in bytes.
const maxSegment = 255

// Key names an object.
type Key struct{ Namespace, Kind, Name string }

// String is the key's path in etcd below the prefix of the state.
func (k Key) String() string { return k.Namespace + "/" + k.Kind + "/" + k.Name }

// Validate says what is wrong with k. Each part has 1 to 255 of the characters
// A–Z a–z 0–9 . _ ~ -; which of them a kind allows is the caller's matter.
func (k Key) Validate() error {
	for _, part := range []struct{ what, text string }{{"namespace", k.Namespace}, {"kind", k.Kind}, {"name", k.Name}} {
		if !validSegment(part.text) {
			return fmt.Errorf("%s %q: 1 to %d characters of A-Z a-z 0-9 . _ ~ -", part.what, clip(part.text), maxSegment)
		}
	}
	return nil
}

func validSegment(s string) bool {
	if s == "" || len(s) > maxSegment {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '~', c == '-':
		default:
			return false
		}
	}
	return true
}

// parseKey reads a path as String writes it.
func parseKey(path string) (Key, error) {
	parts := strings.SplitN(path, "/", 4)
	if len(parts) != 3 {
		return Key{}, fmt.Errorf("the key has %d parts below %s; an object's has namespace, kind and name", len(parts), configPrefix)
	}
	k := Key{parts[0], parts[1], parts[2]}
	return k, k.Validate()
}

// clip bounds a foreign text that goes into a message.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
