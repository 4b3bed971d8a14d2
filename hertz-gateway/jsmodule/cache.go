package jsmodule

import (
	"container/list"
	"sync"
	"time"
)

// caches are what modules keep with "dgate/storage": one cache for each
// namespace, in this process, which forgets what was not used for longest. The
// zero value is empty. Safe for concurrent use.
type caches struct {
	mu  sync.Mutex
	all map[string]*cache
}

// of gives the cache of a namespace.
func (c *caches) of(namespace string, limits *Limits) *cache {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all[namespace] == nil {
		if c.all == nil {
			c.all = map[string]*cache{}
		}
		c.all[namespace] = &cache{
			maxBytes: limits.CacheBytes, maxEntries: limits.CacheEntries,
			used: list.New(), entries: map[string]*list.Element{},
		}
	}
	return c.all[namespace]
}

// cache is bounded by entries and by the bytes of keys and values.
type cache struct {
	maxBytes, maxEntries int

	mu      sync.Mutex
	bytes   int
	used    *list.List // of *cacheEntry, the last used first
	entries map[string]*list.Element
}

// cacheEntry is a value: JSON text, or bytes when binary is set.
type cacheEntry struct {
	key    string
	data   []byte
	binary bool
	// until is when it ends, the zero time for never.
	until time.Time
}

// entryOverhead is about what an entry takes beside its key and its data.
const entryOverhead = 256

func (e *cacheEntry) size() int { return len(e.key) + len(e.data) + entryOverhead }

func (c *cache) get(key string, now time.Time) *cacheEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.entries[key]
	if at == nil {
		return nil
	}
	e := at.Value.(*cacheEntry)
	if !e.until.IsZero() && !now.Before(e.until) {
		c.drop(at)
		return nil
	}
	c.used.MoveToFront(at)
	return e
}

// set keeps e; false means that it is too large.
func (c *cache) set(e *cacheEntry) bool {
	if e.size() > c.maxBytes/4 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(e.key)
	c.entries[e.key] = c.used.PushFront(e)
	c.bytes += e.size()
	for c.bytes > c.maxBytes || len(c.entries) > c.maxEntries {
		c.drop(c.used.Back())
	}
	return true
}

func (c *cache) delete(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(key)
}

func (c *cache) remove(key string) {
	if at := c.entries[key]; at != nil {
		c.drop(at)
	}
}

func (c *cache) drop(at *list.Element) {
	e := c.used.Remove(at).(*cacheEntry)
	delete(c.entries, e.key)
	c.bytes -= e.size()
}
