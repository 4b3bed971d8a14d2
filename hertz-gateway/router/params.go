package router

// Params holds the parameters of one match, in the order of the template. It is
// meant to be reused: Match overwrites it. The zero value is empty. Values may
// share memory with the path given to Match.
type Params struct {
	names  []string
	values [MaxParams]string
	n      int
}

// Len returns the number of parameters.
func (p *Params) Len() int { return len(p.names) }

// At returns name and decoded value of parameter i, from 0 to Len()-1.
func (p *Params) At(i int) (name, value string) { return p.names[i], p.values[i] }

// Get returns the decoded value of the parameter with that name, and whether
// the template has it. A nameless catch-all is called "*".
func (p *Params) Get(name string) (string, bool) {
	for i, n := range p.names {
		if n == name {
			return p.values[i], true
		}
	}
	return "", false
}

// Reset empties p and lets go of what it held.
func (p *Params) Reset() { *p = Params{} }

func (p *Params) push(value string) {
	p.values[p.n] = value
	p.n++
}
