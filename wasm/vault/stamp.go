package vault

import "time"

// Stamp is a time of a hybrid logical clock (Kulkarni et al., 2014): 48 bits of milliseconds since 1970 and a 16-bit counter
// below them, so that stamps compare as numbers and a full counter carries over into the next millisecond.
type Stamp uint64

const (
	// farthest is the last stamp that a decoder takes (the year 10000), so that there is always a later one.
	farthest = Stamp(253402300800000) << 16
	// maxAhead is how far in the future another device's clock may be and still move this one.
	maxAhead = 24 * time.Hour
)

// Time is the wall clock of the device that made the stamp, as far as it can be trusted.
func (s Stamp) Time() time.Time { return time.UnixMilli(int64(s >> 16)) }

func stampAt(t time.Time) Stamp {
	return Stamp(min(max(t.UnixMilli(), 0), int64(farthest>>16)-1)) << 16
}

// clock gives stamps that never go back, whatever the wall clock does.
type clock struct {
	now  func() time.Time
	last Stamp
}

// next returns a stamp that is later than all this clock gave or saw, and than over, the entry that is replaced. A person who
// replaces what they see wins over it, even if it was written by a clock years ahead.
func (c *clock) next(over Stamp) Stamp {
	c.see(over)
	c.last = max(stampAt(c.now()), c.last+1)
	return max(c.last, over+1)
}

// see moves the clock behind another device's stamp. One from more than a day ahead does not move it: a single wrong clock
// must not push everybody's into the future.
func (c *clock) see(s Stamp) {
	if s <= stampAt(c.now().Add(maxAhead)) {
		c.last = max(c.last, s)
	}
}
