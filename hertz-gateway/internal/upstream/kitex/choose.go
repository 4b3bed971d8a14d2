package kitex

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/cloudwego/kitex/pkg/utils"

	"dgate/hertz-gateway/internal/upstream"
)

// choose picks as the call's Choice says, among the instances that have not
// refused c; nil when none fits.
func (d *destination) choose(c *call, choice *upstream.Choice) *node {
	if choice.Address != "" {
		return d.byAddress(c, choice.Address)
	}
	var fit []*node
	for _, n := range d.current().nodes {
		if !n.inst.Down() && !c.hasTried(n) && hasTag(n.inst.Tags, choice.Tag) {
			fit = append(fit, n)
		}
	}
	if choice.HashKey != "" {
		return byHash(fit, choice.HashKey)
	}
	return byWeight(fit)
}

// byAddress finds a registered instance, one that is draining too: who names
// an instance means that one.
func (d *destination) byAddress(c *call, address string) *node {
	for _, inst := range d.instances.Instances().Instances {
		if inst.Address == address {
			n := &node{inst: inst, addr: utils.NewNetAddr("tcp", inst.Address), weight: inst.Weight}
			if inst.Down() || c.hasTried(n) {
				return nil
			}
			return n
		}
	}
	return nil
}

// hasTag tells whether tags hold "key=value", or "key" with any value.
func hasTag(tags map[string]string, want string) bool {
	if want == "" {
		return true
	}
	key, value, exact := strings.Cut(want, "=")
	got, ok := tags[key]
	return ok && (!exact || got == value)
}

func byWeight(nodes []*node) *node {
	sum := 0
	for _, n := range nodes {
		sum += n.weight
	}
	if sum == 0 {
		return nil
	}
	at := rand.IntN(sum)
	for _, n := range nodes {
		if at -= n.weight; at < 0 {
			return n
		}
	}
	return nil
}

// byHash is weighted rendezvous hashing: a key stays with its instance as long
// as that is there, and when it goes its keys spread over the others.
func byHash(nodes []*node, key string) (best *node) {
	highest := math.Inf(-1)
	for _, n := range nodes {
		h := fnv.New64a()
		_, _ = h.Write([]byte(key)) // never fails
		_, _ = h.Write([]byte{0})
		_, _ = h.Write([]byte(n.inst.Address))
		// A number strictly between 0 and 1 of the well-mixed upper bits.
		u := (float64(mix(h.Sum64())>>11) + 0.5) / (1 << 53)
		if score := float64(n.weight) / -math.Log(u); score > highest {
			best, highest = n, score
		}
	}
	return best
}

// mix spreads the bits of an FNV sum, whose upper ones hardly change with the
// last bytes (the finalizer of MurmurHash3).
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
