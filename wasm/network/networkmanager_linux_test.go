package network

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// properties stands for NetworkManager.
type properties struct{ metered any }

// Get is org.freedesktop.DBus.Properties.Get.
func (p properties) Get(_, _ string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant(p.metered), nil
}

// bus starts a real message bus; "" where none is installed.
func bus(t *testing.T) string {
	t.Helper()
	daemon := exec.Command("dbus-daemon", "--session", "--nofork", "--print-address", "--address=unix:dir="+t.TempDir())
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	daemon.Stderr = io.Discard
	if err := daemon.Start(); err != nil {
		t.Log("there is no message bus here:", err)
		return ""
	}
	t.Cleanup(func() { daemon.Process.Kill(); daemon.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}

func TestCostIsThatOfNetworkManager(t *testing.T) {
	address := bus(t)
	if address == "" {
		return
	}
	if cost, err := now(t.Context(), address); cost != Unknown || !errors.Is(err, ErrUnknown) {
		t.Errorf("without a NetworkManager: %v %v", cost, err)
	}
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.RequestName(managerName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		metered any
		want    Cost
		paused  bool
	}{
		{uint32(0), Unknown, false}, {uint32(1), Metered, true}, {uint32(2), Free, false}, {uint32(3), GuessedMetered, true}, {uint32(4), GuessedFree, false},
		{uint32(5), Unknown, false}, {"yes", Unknown, false},
	} {
		if err := conn.Export(properties{c.metered}, managerPath, "org.freedesktop.DBus.Properties"); err != nil {
			t.Fatal(err)
		}
		cost, _ := now(t.Context(), address)
		if cost != c.want || cost.Paused() != c.paused || c.paused != (cost.Why() != "") {
			t.Errorf("%v: %v", c.metered, cost)
		}
	}
	if cost, err := now(t.Context(), "unix:path=/nowhere"); cost != Unknown || !errors.Is(err, ErrUnknown) {
		t.Errorf("without a bus: %v %v", cost, err)
	}
}
