package opaquetest

import (
	"testing"

	"github.com/bytemare/ecc"
	"github.com/bytemare/opaque"

	"github.com/latchkey-id/latchkey/edge/api"
)

// TestTwoImplementationsAgree signs our client in at the library's server.
func TestTwoImplementationsAgree(t *testing.T) {
	suite := api.Suite()
	server, err := suite.Server()
	if err != nil {
		t.Fatal(err)
	}
	secret, public := suite.KeyGen()
	if err := server.SetKeyMaterial(&opaque.ServerKeyMaterial{
		PrivateKey: secret, PublicKeyBytes: public.Encode(), OPRFGlobalSeed: suite.GenerateOPRFSeed(),
	}); err != nil {
		t.Fatal(err)
	}
	p := NewPerson("correct horse battery staple")
	data, err := p.Registration()
	if err != nil {
		t.Fatal(err)
	}
	request, _ := server.Deserialize.RegistrationRequest(data)
	response, err := server.RegistrationResponse(request, []byte("id"), (*ecc.Scalar)(nil))
	if err != nil {
		t.Fatal(err)
	}
	data, err = p.Record(response.Serialize(), api.KSF{Name: "argon2id", Time: 1, Memory: 19 << 10, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	record, err := server.Deserialize.RegistrationRecord(data)
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.Begin()
	if err != nil {
		t.Fatal(err)
	}
	ke1, _ := server.Deserialize.KE1(a.KE1)
	ke2, output, err := server.GenerateKE2(ke1, &opaque.ClientRecord{RegistrationRecord: record, CredentialIdentifier: []byte("id")})
	if err != nil {
		t.Fatal(err)
	}
	data, err = a.KE3(ke2.Serialize())
	if err != nil {
		t.Fatal(err)
	}
	ke3, _ := server.Deserialize.KE3(data)
	if err := server.LoginFinish(ke3, output.ClientMAC); err != nil {
		t.Error(err)
	}
}
