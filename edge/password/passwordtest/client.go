// Package passwordtest is a client of OPAQUE for tests of the server's side: the library's own client over api.Suite, with
// parameters of Argon2id that a test can afford. The real client is wasm/opaque, which edge must not import.
package passwordtest

import (
	"testing"

	"github.com/bytemare/opaque"

	"github.com/latchkey-id/latchkey/edge/api"
)

// KSF has the cheapest parameters that api.KSF.Valid lets through.
var KSF = api.KSF{Name: "argon2id", Time: 2, Memory: 19 << 10, Threads: 1}

func client(t testing.TB) *opaque.Client {
	t.Helper()
	c, err := api.Suite().Client()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func options(k api.KSF) *opaque.ClientOptions {
	return &opaque.ClientOptions{KSFParameters: []uint64{uint64(k.Time), uint64(k.Memory), uint64(k.Threads)}}
}

// Register makes a record of password. answer takes the registration request and returns the server's response.
func Register(t testing.TB, password string, k api.KSF, answer func(request []byte) (response []byte)) (record []byte) {
	t.Helper()
	c := client(t)
	request, err := c.RegistrationInit([]byte(password))
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Deserialize.RegistrationResponse(answer(request.Serialize()))
	if err != nil {
		t.Fatal(err)
	}
	made, _, err := c.RegistrationFinalize(response, nil, nil, options(k))
	if err != nil {
		t.Fatal(err)
	}
	return made.Serialize()
}

// Login is one login under way.
type Login struct {
	KE1    []byte
	client *opaque.Client
}

// Begin starts a login with password.
func Begin(t testing.TB, password string) *Login {
	t.Helper()
	l := &Login{client: client(t)}
	ke1, err := l.client.GenerateKE1([]byte(password))
	if err != nil {
		t.Fatal(err)
	}
	l.KE1 = ke1.Serialize()
	return l
}

// Finish answers a KE2. The error says that the password is wrong, or that there is no account.
func (l *Login) Finish(ke2 []byte, k api.KSF) (ke3 []byte, err error) {
	message, err := l.client.Deserialize.KE2(ke2)
	if err != nil {
		return nil, err
	}
	made, _, _, err := l.client.GenerateKE3(message, nil, nil, options(k))
	if err != nil {
		return nil, err
	}
	return made.Serialize(), nil
}
