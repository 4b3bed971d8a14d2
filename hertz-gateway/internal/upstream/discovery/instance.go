package discovery

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"
)

// Instance is one running backend. It is immutable but for its health mark,
// and safe for concurrent use. While its key in the registry stays as it is,
// every Set holds the same Instance.
type Instance struct {
	Destination string
	// Address is "ip:port", an IPv6 address in brackets.
	Address string
	// Weight is 0 for an instance that is draining: it gets no new calls.
	Weight int
	// Tags as registered; not to be changed.
	Tags map[string]string
	// Revision is the revision of etcd that wrote the key.
	Revision int64
	// Held marks an instance that is no longer registered but kept, see Config.HoldFor.
	Held bool

	downUntil atomic.Int64 // Unix nanoseconds, 0: up
}

// MarkDown makes Down true for d from now, after the instance refused a
// connection. A change of its key clears the mark, since that makes a new Instance.
func (i *Instance) MarkDown(d time.Duration) {
	i.downUntil.Store(time.Now().Add(d).UnixNano())
}

// Down tells whether the instance is to be skipped.
func (i *Instance) Down() bool {
	until := i.downUntil.Load()
	if until == 0 {
		return false
	}
	if time.Now().UnixNano() < until {
		return true
	}
	i.downUntil.CompareAndSwap(until, 0)
	return false
}

// DownUntil is when the mark of MarkDown ends, zero without one.
func (i *Instance) DownUntil() time.Time {
	if until := i.downUntil.Load(); until != 0 {
		return time.Unix(0, until)
	}
	return time.Time{}
}

// Set is the instances of one destination at one time, by address. Immutable.
type Set struct {
	// Version grows with every change of the destination.
	Version uint64
	// Instances includes those with weight 0 and those held.
	Instances []*Instance
}

const (
	// defaultWeight is that of a value without one, as Kitex has it.
	defaultWeight = 10
	// maxWeight keeps sums of weights far from overflow.
	maxWeight = 1 << 20
	maxValue  = 64 << 10
)

// parseKey splits the part of a key after the registry prefix.
func parseKey(rest string) (destination string, ok bool) {
	i := strings.LastIndexByte(rest, '/')
	if i <= 0 || i == len(rest)-1 {
		return "", false
	}
	return rest[:i], true
}

// parseInstance reads a value of the registry. Nothing in it is believed
// before it was checked.
func parseInstance(destination string, value []byte, revision int64, allowed []netip.Prefix) (*Instance, error) {
	if len(value) > maxValue {
		return nil, fmt.Errorf("value of %d bytes, more than %d", len(value), maxValue)
	}
	var v struct {
		Network string            `json:"network"`
		Address string            `json:"address"`
		Weight  *int              `json:"weight"`
		Tags    map[string]string `json:"tags"`
	}
	if err := json.Unmarshal(value, &v); err != nil {
		return nil, errors.New("value is not the JSON of an instance")
	}
	switch v.Network {
	case "", "tcp", "tcp4", "tcp6":
	default:
		return nil, fmt.Errorf("network %.20q is not tcp", v.Network)
	}
	addr, err := netip.ParseAddrPort(v.Address)
	if err != nil || addr.Port() == 0 || addr.Addr().IsUnspecified() || addr.Addr().IsMulticast() {
		return nil, fmt.Errorf("address %.80q is not ip:port", v.Address)
	}
	if !permitted(addr.Addr(), allowed) {
		return nil, fmt.Errorf("address %s is outside the allowed networks", addr)
	}
	weight := defaultWeight
	if v.Weight != nil {
		weight = *v.Weight
	}
	if weight < 0 || weight > maxWeight {
		return nil, fmt.Errorf("weight %d is not between 0 and %d", weight, maxWeight)
	}
	return &Instance{
		Destination: destination,
		Address:     addr.String(),
		Weight:      weight,
		Tags:        v.Tags,
		Revision:    revision,
	}, nil
}

func permitted(a netip.Addr, allowed []netip.Prefix) bool {
	if len(allowed) == 0 {
		return true
	}
	a = a.Unmap().WithZone("")
	for _, p := range allowed {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
