package gateway

import (
	"sync"

	"dgate/hertz-gateway/internal/store"
)

// derived keeps what is made of resources when it is first needed: one for each
// resource, made anew when the resource changes and dropped when it goes. The
// zero value is ready; safe for concurrent use.
type derived[T any] struct {
	mu   sync.Mutex
	made map[store.Key]derivedOf[T]
}

type derivedOf[T any] struct {
	object *store.Object
	value  T
}

// of gives what derive makes of o. current says what there is now.
func (d *derived[T]) of(o *store.Object, current *store.State, derive func() (T, error)) (T, error) {
	d.mu.Lock()
	have := d.made[o.Key]
	d.mu.Unlock()
	if have.object == o {
		return have.value, nil
	}
	value, err := derive()
	if err != nil {
		return value, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.made == nil {
		d.made = map[store.Key]derivedOf[T]{}
	}
	for k := range d.made {
		if current.Get(k) == nil {
			delete(d.made, k)
		}
	}
	d.made[o.Key] = derivedOf[T]{o, value}
	return value, nil
}
