package vault

import (
	"context"
	"fmt"

	"github.com/latchkey-id/latchkey/edge/object"
)

// notify tells the devices that listen how far the vault has come: api.VaultNotice. The one that has written hears of it too, because
// there may be another program on the same device that has not.
func notify(tx *object.Tx, g generation) {
	tx.Notify(fmt.Sprintf(`{"generation":%d,"keys":%d,"cursor":%d}`, g.number, g.keys, g.cursor))
}

var disconnect = object.Method[string, struct{}]{Kind: KindName, Name: "disconnect"}

// doDisconnect ends the connections of a device.
func doDisconnect(tx *object.Tx, device string) (struct{}, error) {
	tx.Disconnect(device)
	return struct{}{}, nil
}

// Disconnect ends the live connections of a device, which were made with its id as their tag. Whether it may connect again is for the
// account to say.
func (s *Service) Disconnect(ctx context.Context, account, device string) error {
	_, err := disconnect.Call(ctx, s.host, account, device)
	return err
}
