package files

import (
	"slices"
	"time"
)

// verdict is what has to happen for one name.
type verdict int

const (
	nothing        verdict = iota
	wait                   // what is here waits in the vault to be sent
	agree                  // both have the same: remember it
	forget                 // both have nothing any more
	send                   // here → vault
	take                   // vault → here
	deleteThere            // it was deleted here
	deleteHere             // it was deleted in the vault
	sendOverDelete         // edited here, deleted there: the edit stands
	takeOverDelete         // deleted here, edited there: the edit stands
	hereWins               // conflict; what is here is the later one
	thereWins              // conflict; what the vault has is the later one
)

// view is one name as a round finds it.
type view struct {
	base        past     // what was agreed on
	here, there *item    // nil: nothing
	sent        bool     // the service has there; else it waits on this device
	replaced    []string // versions that there knew of; nil: its kind does not say
	hereAt      time.Time
	thereAt     time.Time // by the vault's clock
}

// decide is the three-way merge of one name. An edit beats a deletion; of two edits the later one stands, and that of the vault
// when they are of the same time.
func decide(v view) verdict {
	base, here, there := v.base.ID, v.here.id(), v.there.id()
	offered := v.base.Offered != "" && there == v.base.Offered
	if offered && v.sent {
		base = there
	}
	switch {
	case here == there:
		return v.same(base, here)
	case offered && !v.sent && here != "": // edited again before the last edit was sent
		return send
	case offered && !v.sent:
		return deleteThere
	case here == base:
		return v.onlyThere(here, there)
	case there == base && here == "":
		return deleteThere
	case there == base:
		return send
	case here == "":
		return takeOverDelete
	case there == "":
		return sendOverDelete
	case v.here.sameContent(v.there): // the permissions of what the others have follow
		return take
	case v.hereAt.After(v.thereAt):
		return hereWins
	}
	return thereWins
}

func (v view) same(base, both string) verdict {
	switch {
	case both == "" && base == "" && v.base.Offered == "":
		return nothing
	case both == "":
		return forget
	case !v.sent:
		return wait
	case both != v.base.ID || v.base.Offered != "":
		return agree
	}
	return nothing
}

// onlyThere decides what was not changed here. Its version may have been sent from here and then replaced by a device that had
// not seen it: two devices wrote in the same moment. That is a conflict, too.
func (v view) onlyThere(here, there string) verdict {
	knew := here == "" || v.replaced == nil || len(v.replaced) >= maxPast || slices.Contains(v.replaced, here)
	switch {
	case there == "":
		return deleteHere
	case !knew && !v.here.sameContent(v.there):
		return thereWins
	}
	return take
}
