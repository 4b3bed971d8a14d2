package transcode

import (
	"errors"
	"math/bits"
)

// absent does what is due for field f of the struct at offset at, which the
// body does not have: it asks the Source, writes the default or misses a
// required field. present: the Source had it. ok false: the Source failed.
func (d *decoder) absent(f *field, dst []byte, at, depth int) (out []byte, present, ok bool) {
	if f.place == Either && d.src != nil {
		if dst, present, ok = d.ask(f, dst, AfterBody); present || !ok {
			return dst, present, ok
		}
	}
	if d.src != nil && f.reaches() {
		if dst, present, ok = d.fromSource(f, dst, at, depth+1); present || !ok {
			return dst, present, ok
		}
	}
	if f.fill != nil {
		if len(dst)-d.start > growthLimit(d.sent) {
			d.report(at, CodeSize, "the defaults of absent fields make the message too large", 0)
			return dst, false, true
		}
		return append(dst, f.fill...), false, true
	}
	if f.required {
		d.missing(f, at)
	}
	return dst, false, true
}

// growthLimit is how large a message may become by values that stand for
// absent ones, which cost their sender nothing.
func growthLimit(sent int) int { return 1<<20 + 64*sent }

// ask gets the value of f from the Source, with its header.
func (d *decoder) ask(f *field, dst []byte, phase Phase) (out []byte, present, ok bool) {
	out, present, err := d.src.AppendField(append(dst, f.header[0], f.header[1], f.header[2]), f.slot, phase)
	if err == nil {
		if !present {
			out = dst
		}
		return out, present, true
	}
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		d.err = err
		return dst, false, false
	}
	// The field is there, though not as it should be.
	for _, v := range invalid.Violations {
		d.add(finding{at: -1, Violation: v})
	}
	return dst, true, true
}

// askAll asks the Source for all fields of sp that live outside the body, and
// notes those that it had. members is their number, or -1.
func (d *decoder) askAll(sp *structProg, dst []byte, given []uint64) (out []byte, members int) {
	for _, f := range sp.asked {
		var present, ok bool
		if dst, present, ok = d.ask(f, dst, BeforeBody); !ok {
			return dst, -1
		}
		if present {
			given[f.word] |= f.bit
			members++
		}
	}
	return dst, members
}

// fromSource builds the struct of f, absent from the object at offset at, from
// the Source alone. Without any of its fields it is written only if it is
// required and can come from nowhere else.
func (d *decoder) fromSource(f *field, dst []byte, at, depth int) (out []byte, present, ok bool) {
	sp := f.node.sp
	mark, findings, wordMark := len(dst), len(d.found), len(d.words)
	d.trail = append(d.trail, f.f.JSON)
	dst = append(dst, f.header[0], f.header[1], f.header[2])
	given := d.bitSet(sp.words)
	dst, members := d.askAll(sp, dst, given)
	if members < 0 {
		return dst, false, false
	}
	for w, need := range sp.need {
		for need &^= given[w]; need != 0; need &= need - 1 {
			var one bool
			if dst, one, ok = d.absent(&sp.fields[w*64+bits.TrailingZeros64(need)], dst, at, depth); !ok {
				return dst, false, false
			}
			if one {
				members++
			}
		}
	}
	required := f.required && sp.bodyless
	if sp.union && members != 1 {
		d.unionMembers(at, members)
	}
	d.trail = d.trail[:len(d.trail)-1]
	d.words = d.words[:wordMark]
	if members == 0 && !required {
		d.found = d.found[:findings]
		return dst[:mark], false, true
	}
	return append(dst, WireStop), true, true
}
