package jsmodule

import (
	"math"
	"testing"
	"time"

	"github.com/dop251/goja"
)

// TestWatchdogSleepsAndWakes arms after the watchdog has gone to sleep.
func TestWatchdogSleepsAndWakes(t *testing.T) {
	d := startWatchdog(math.MaxUint64)
	defer d.close()
	vm := goja.New()
	w := &watch{vm: vm}
	d.add(w)
	d.quiet.Store(idleTicks)
	for end := time.Now().Add(10 * time.Second); !d.parked.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the watchdog does not sleep")
		}
	}
	for i := range 4 {
		w.grace.Store(grace)
		if left := int64(10 * time.Millisecond); i%2 == 0 {
			d.armUnseen(w, left)
		} else {
			d.arm(w, now(), now()+left)
		}
		if _, err := vm.RunString("for (;;);"); err == nil {
			t.Fatal("the loop ended by itself")
		}
		if fired := w.disarm(); fired != firedBudget {
			t.Fatal(fired)
		}
		vm.ClearInterrupt()
	}
	d.remove(w)
}

// TestDisarmIsFinal disarms at about the time of firing, again and again: an
// interrupt must never reach a runtime whose watch said that nothing fired.
func TestDisarmIsFinal(t *testing.T) {
	vm := goja.New()
	f, _ := goja.AssertFunction(vm.ToValue(func(goja.FunctionCall) goja.Value { return goja.Undefined() }))
	loop, err := vm.RunString("(function () { for (let i = 0; i < 10; i++); })")
	if err != nil {
		t.Fatal(err)
	}
	js, _ := goja.AssertFunction(loop)
	w := &watch{vm: vm}
	fired := 0
	for i := range 2000 {
		w.arm(1, 1)
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.fire(1, firedBudget)
		}()
		if i%2 == 0 {
			_, _ = f(goja.Undefined())
		}
		if w.disarm() != disarmed {
			fired++
			<-done
			vm.ClearInterrupt()
			continue
		}
		if _, err := js(goja.Undefined()); err != nil {
			t.Fatal("interrupted after a disarm that found nothing", err)
		}
		<-done
	}
	if fired == 0 || fired == 2000 {
		t.Logf("fired %d times of 2000: the race was not exercised", fired)
	}
}
