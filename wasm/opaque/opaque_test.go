package opaque_test

import (
	"bytes"
	"errors"
	"testing"

	lib "github.com/bytemare/opaque"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/opaque"
)

// cheap is the least a client accepts, so that tests stay quick.
var cheap = api.KSF{Name: "argon2id", Time: 2, Memory: 19 << 10, Threads: 1}

var account = []byte("an-account-id")

func newServer(t testing.TB) *lib.Server {
	t.Helper()
	suite := api.Suite()
	server, err := suite.Server()
	if err != nil {
		t.Fatal(err)
	}
	private, public := suite.KeyGen()
	err = server.SetKeyMaterial(&lib.ServerKeyMaterial{
		PrivateKey: private, PublicKeyBytes: public.Encode(), OPRFGlobalSeed: suite.GenerateOPRFSeed(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func register(t testing.TB, server *lib.Server, password string, k api.KSF) (record []byte, keys opaque.Keys) {
	t.Helper()
	exchange, request, err := opaque.NewRegistration([]byte(password))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := server.Deserialize.RegistrationRequest(request)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.RegistrationResponse(parsed, account, nil)
	if err != nil {
		t.Fatal(err)
	}
	record, keys, err = exchange.Finish(response.Serialize(), k)
	if err != nil {
		t.Fatal(err)
	}
	return record, keys
}

// answer makes a KE2 the way the edge does, and returns what it expects of KE3.
func answer(t testing.TB, server *lib.Server, record, ke1 []byte) (ke2 []byte, out *lib.ServerOutput) {
	t.Helper()
	parsed, err := server.Deserialize.RegistrationRecord(record)
	if err != nil {
		t.Fatal(err)
	}
	first, err := server.Deserialize.KE1(ke1)
	if err != nil {
		t.Fatal(err)
	}
	second, out, err := server.GenerateKE2(first, &lib.ClientRecord{CredentialIdentifier: account, RegistrationRecord: parsed})
	if err != nil {
		t.Fatal(err)
	}
	return second.Serialize(), out
}

func TestRoundTripGivesBothSidesOneKeyAndTheDeviceItsExportKey(t *testing.T) {
	server := newServer(t)
	record, registered := register(t, server, "correct horse", cheap)
	exchange, ke1, err := opaque.NewSignIn([]byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	ke2, want := answer(t, server, record, ke1)
	ke3, keys, err := exchange.Finish(ke2, cheap)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := server.Deserialize.KE3(ke3)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.LoginFinish(parsed, want.ClientMAC); err != nil {
		t.Fatalf("the server refuses KE3: %v", err)
	}
	if !bytes.Equal(keys.Session, want.SessionSecret) || !bytes.Equal(keys.Export, registered.Export) {
		t.Fatal("keys differ")
	}
	if _, _, err := exchange.Finish(ke2, cheap); !errors.Is(err, opaque.ErrUsed) {
		t.Fatalf("second Finish: %v", err)
	}
	export := keys.Export
	keys.Wipe()
	if keys.Export != nil || !bytes.Equal(export, make([]byte, len(export))) {
		t.Fatal("Wipe left the export key")
	}
}

func TestSignInRefusesWhatDoesNotFitThePassword(t *testing.T) {
	server, foreign := newServer(t), newServer(t)
	record, _ := register(t, server, "correct horse", cheap)
	elsewhere, _ := register(t, foreign, "correct horse", cheap)
	stronger := cheap
	stronger.Time++
	tests := []struct {
		name     string
		password string
		server   *lib.Server
		record   []byte
		ksf      api.KSF
		tamper   func([]byte) []byte
		want     error
	}{
		{"wrong password", "correct hors", server, record, cheap, nil, opaque.ErrPassword},
		{"server without the record's keys", "correct horse", foreign, record, cheap, nil, opaque.ErrPassword},
		{"record of another server", "correct horse", server, elsewhere, cheap, nil, opaque.ErrPassword},
		{"other stretching than the record's", "correct horse", server, record, stronger, nil, opaque.ErrPassword},
		{"changed server MAC", "correct horse", server, record, cheap, func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, opaque.ErrPassword},
		{"changed masked response", "correct horse", server, record, cheap, func(b []byte) []byte { b[100] ^= 1; return b }, opaque.ErrPassword},
		{"truncated", "correct horse", server, record, cheap, func(b []byte) []byte { return b[:len(b)-1] }, opaque.ErrMessage},
		{"empty", "correct horse", server, record, cheap, func([]byte) []byte { return nil }, opaque.ErrMessage},
		{"identity element", "correct horse", server, record, cheap, func(b []byte) []byte { clear(b[:32]); return b }, opaque.ErrMessage},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			exchange, ke1, err := opaque.NewSignIn([]byte(test.password))
			if err != nil {
				t.Fatal(err)
			}
			ke2, _ := answer(t, test.server, test.record, ke1)
			if test.tamper != nil {
				ke2 = test.tamper(ke2)
			}
			ke3, keys, err := exchange.Finish(ke2, test.ksf)
			if !errors.Is(err, test.want) || ke3 != nil || keys.Export != nil {
				t.Fatalf("got %v, %d bytes of KE3", err, len(ke3))
			}
		})
	}
}

// hostile are parameters that a server may not ask for.
var hostile = []api.KSF{
	{},
	{Name: "identity", Time: 3, Memory: 64 << 10, Threads: 4},
	{Name: "argon2id", Time: 1, Memory: 8, Threads: 1},
	{Name: "argon2id", Time: 1, Memory: 19 << 10, Threads: 1},
	{Name: "argon2id", Time: 0, Memory: 64 << 10, Threads: 4},
	{Name: "argon2id", Time: 3, Memory: 64 << 10, Threads: 0},
	{Name: "argon2id", Time: 3, Memory: 4 << 20, Threads: 4},
	{Name: "argon2id", Time: 1 << 30, Memory: 64 << 10, Threads: 4},
}

func TestHostileStretchingIsRefusedBeforeItIsComputed(t *testing.T) {
	server := newServer(t)
	record, _ := register(t, server, "correct horse", cheap)
	for _, k := range hostile {
		exchange, ke1, err := opaque.NewSignIn([]byte("correct horse"))
		if err != nil {
			t.Fatal(err)
		}
		ke2, _ := answer(t, server, record, ke1)
		if _, _, err := exchange.Finish(ke2, k); !errors.Is(err, opaque.ErrKSF) {
			t.Errorf("sign-in with %+v: %v", k, err)
		}
		registration, _, err := opaque.NewRegistration([]byte("correct horse"))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := registration.Finish(nil, k); !errors.Is(err, opaque.ErrKSF) {
			t.Errorf("registration with %+v: %v", k, err)
		}
	}
}

func TestMessagesDifferEveryTime(t *testing.T) {
	_, first, err := opaque.NewSignIn([]byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := opaque.NewSignIn([]byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first[:32], second[:32]) {
		t.Fatal("the same password is blinded to the same element twice")
	}
}

// FuzzServerMessages feeds what a hostile server may send: nothing but an error may come of it. Stretching is never
// reached, because no fuzzer finds a KE2 whose elements decode and whose length fits by chance alone; seeds that do are cheap.
func FuzzServerMessages(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 320))
	f.Fuzz(func(t *testing.T, data []byte) {
		exchange, _, err := opaque.NewSignIn([]byte("correct horse"))
		if err != nil {
			t.Fatal(err)
		}
		if ke3, _, err := exchange.Finish(data, cheap); err == nil || ke3 != nil {
			t.Fatal("a made-up KE2 was accepted")
		}
		registration, _, err := opaque.NewRegistration([]byte("correct horse"))
		if err != nil {
			t.Fatal(err)
		}
		if len(data) != 64 { // any two elements are a valid response: nothing to refuse, and a second of work
			if _, _, err := registration.Finish(data, cheap); err == nil {
				t.Fatal("a made-up response was accepted")
			}
		}
	})
}
