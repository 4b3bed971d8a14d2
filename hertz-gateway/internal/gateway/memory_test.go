package gateway

import (
	"errors"
	"testing"
)

func TestMemoryOf(t *testing.T) {
	const meminfo = "MemTotal:        2000 kB\nMemFree:          1000 kB\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"machine", map[string]string{"/proc/meminfo": meminfo}, 2000 << 10},
		{"no limit on the group", map[string]string{"/proc/meminfo": meminfo, "/sys/fs/cgroup/memory.max": "max\n"}, 2000 << 10},
		{"group", map[string]string{"/proc/meminfo": meminfo, "/sys/fs/cgroup/memory.max": "1000000\n"}, 1000000},
		{"old group", map[string]string{"/proc/meminfo": meminfo, "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 2000 << 10},
		{"nothing", nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read := func(path string) ([]byte, error) {
				if text, ok := tt.files[path]; ok {
					return []byte(text), nil
				}
				return nil, errors.New("no such file")
			}
			if got := memoryOf(read); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}
