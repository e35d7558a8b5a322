package account

import "github.com/latchkey-id/latchkey/edge/object"

// New declares the kind of object.
func New(d Deps) *object.Kind {
	return &object.Kind{Name: KindName, Effects: d.Effects}
}
