package objecttest

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/latchkey-id/latchkey/edge/object"
)

// tell is the effect of the suite: it calls another object.
func tell(ctx context.Context, h object.Host, d object.Delivery) error {
	var m message
	if err := json.Unmarshal(d.Payload, &m); err != nil {
		return err
	}
	in := receiveIn{ID: d.ID, Try: d.Try, Body: m.Body, Sender: d.Object}
	if _, err := receive.Call(ctx, h, m.To, in); err != nil {
		return err
	}
	switch {
	case d.Try <= m.Fails:
		return errors.New("objecttest: an effect fails on purpose")
	case d.Try <= m.Panics:
		panic("objecttest: an effect panics on purpose")
	}
	return nil
}
