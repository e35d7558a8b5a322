package network

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// NetworkManager and its property, a uint32 of the enumeration NMMetered, whose values are those of Cost.
const (
	managerName = "org.freedesktop.NetworkManager"
	managerPath = "/org/freedesktop/NetworkManager"
)

// now asks NetworkManager on the system bus, or on the bus with the given address.
func now(ctx context.Context, bus string) (Cost, error) {
	connect := func() (*dbus.Conn, error) { return dbus.ConnectSystemBus(dbus.WithContext(ctx)) }
	if bus != "" {
		connect = func() (*dbus.Conn, error) { return dbus.Connect(bus, dbus.WithContext(ctx)) }
	}
	conn, err := connect()
	if err != nil {
		return Unknown, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	defer conn.Close()
	var answer dbus.Variant
	call := conn.Object(managerName, managerPath).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart, managerName, "Metered")
	if err := call.Store(&answer); err != nil {
		return Unknown, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	value, ok := answer.Value().(uint32)
	if !ok || value > uint32(GuessedFree) {
		return Unknown, ErrUnknown
	}
	return Cost(value), nil
}
