package e2e

import (
	"bytes"
	"crypto/hkdf"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bytemare/ecc"
	"github.com/bytemare/opaque"
	_ "modernc.org/sqlite"

	"github.com/latchkey-id/latchkey/e2e/local"
	"github.com/latchkey-id/latchkey/edge/api"
)

// TestThePasswordNeverLeavesTheBrowser reads everything that Chromium sends while somebody creates an account, comes back and changes the
// password: no password, no digest of one, in no encoding. Positive controls show that the tap hears what is sent.
func TestThePasswordNeverLeavesTheBrowser(t *testing.T) {
	const fresh = "quiet harbour 71 lantern sprocket"
	tap := newWiretap(t)
	b := newBrowser(t, tap.options()...)
	name := newLocal()
	b.signUp(name)
	b.click("#signout")
	b.holds(`location.href === "` + service.Shop + `/"`)
	b.open(service.Issuer + "/signin")
	b.signIn(name+"@"+local.DefaultDomain, "wrong but also a secret 99")
	b.holds(`document.querySelector("#password-error").textContent.length > 0`)
	b.fill("#password", goodPassword)
	b.click(`[data-step="password"] button.primary`)
	b.at(service.Issuer + "/account")
	b.holds(`document.querySelectorAll("#sessions li").length === 1`)
	b.click("#open-change")
	b.fill("#old-password", goodPassword)
	b.fill("#new-password", fresh)
	b.click("#change button.primary")
	b.see("#changed")

	sent := tap.traffic()
	for _, heard := range []string{name, "/api/signup/finish", "/api/signin/password/finish", "/api/account/password/finish"} {
		if !strings.Contains(sent, heard) {
			t.Errorf("the tap did not hear %q, so it would not have heard a password either", heard)
		}
	}
	for _, password := range []string{goodPassword, fresh, "wrong but also a secret 99"} {
		for form, text := range disguises(password) {
			if strings.Contains(strings.ToLower(sent), strings.ToLower(text)) {
				t.Errorf("%q left the browser as %s", password, form)
			}
		}
	}
	for _, host := range tap.foreign {
		// What Chromium wants of its maker (updates, field hints) is refused by the tap and no doing of a page.
		name, _, _ := strings.Cut(host, ":")
		if !slices.ContainsFunc([]string{".google.com", ".googleapis.com", ".gvt1.com"}, func(maker string) bool { return strings.HasSuffix(name, maker) }) {
			t.Errorf("a page wanted to talk to %s", host)
		}
	}
}

// disguises are the simple ways in which a password could be sent: as it is, or digested, in any usual encoding.
func disguises(password string) map[string]string {
	sums := map[string][]byte{"itself": []byte(password), "itself in UTF-16": utf16LE(password)}
	md, s1, s256, s384, s512 := md5.Sum([]byte(password)), sha1.Sum([]byte(password)), sha256.Sum256([]byte(password)), sha512.Sum384([]byte(password)), sha512.Sum512([]byte(password))
	sums["MD5"], sums["SHA-1"], sums["SHA-256"], sums["SHA-384"], sums["SHA-512"] = md[:], s1[:], s256[:], s384[:], s512[:]
	forms := map[string]string{"itself": password, "a URL": url.QueryEscape(password), "a path": url.PathEscape(password)}
	for name, sum := range sums {
		forms[name+" in hex"] = hex.EncodeToString(sum)
		forms[name+" in base64"] = strings.TrimRight(base64.StdEncoding.EncodeToString(sum), "=")
		forms[name+" in base64url"] = base64.RawURLEncoding.EncodeToString(sum)
	}
	return forms
}

func utf16LE(s string) (out []byte) {
	for _, c := range []byte(s) {
		out = append(out, c, 0)
	}
	return out
}

// TestNoDatabaseVerifiesAGuess plays a thief who has every object's database, knows the account and even the right password, and wants to
// confirm it. Every value that is stored, and every part of one, is tried as the secret that is missing. The same thief
// succeeds at once when the seed is among the values, which shows that the attack is one.
func TestNoDatabaseVerifiesAGuess(t *testing.T) {
	if !verifies(controlRecord(t), "id", goodPassword, [][]byte{[]byte("chaff"), controlSeed}) {
		t.Fatal("the attack does not work even with the seed, so it proves nothing")
	}
	s := startOwn(t, local.Options{Plain: true})
	b := apiBrowser(s)
	person := newPerson()
	if err := b.SignUp(newLocal()+"@"+local.DefaultDomain, person); err != nil {
		t.Fatal(err)
	}
	var me api.Account
	if err := b.Call(api.RouteAccount, nil, &me); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context(), false); err != nil { // writes what is still in a log to the databases
		t.Fatal(err)
	}
	values, records := dump(t, s.State)
	if len(records) != 1 || len(values) < 50 {
		t.Fatalf("found %d records and %d values; want the one record among many values", len(records), len(values))
	}
	if verifies(records[0], me.ID, goodPassword, values) {
		t.Error("a database holds what verifies a guess")
	}
	for _, value := range values {
		for form, text := range disguises(goodPassword) {
			if bytes.Contains(value, []byte(text)) {
				t.Errorf("a database holds the password as %s", form)
			}
		}
		if bytes.Contains(value, []byte(s.Secrets.RootKey[len("local-1:"):])) {
			t.Error("a database holds the root key")
		}
	}
}

// dump reads every value of every table of every object, and the password records among them.
func dump(t *testing.T, state string) (values [][]byte, records [][]byte) {
	t.Helper()
	err := filepath.WalkDir(state, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".sqlite") || strings.Contains(path, "metadata") {
			return err
		}
		db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
		if err != nil {
			return err
		}
		defer db.Close()
		tables, err := column(db, "SELECT name FROM sqlite_master WHERE type = 'table'")
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, table := range tables {
			found, err := column(db, `SELECT * FROM "`+string(table)+`"`)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", path, table, err)
			}
			values = append(values, found...)
			if string(table) == "credential" {
				record, err := column(db, "SELECT record FROM credential")
				if err != nil {
					return err
				}
				records = append(records, record...)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return values, records
}

// column returns all values of a query, whatever their type, as bytes.
func column(db *sql.DB, query string) (values [][]byte, err error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		raw := make([]sql.RawBytes, len(names))
		into := make([]any, len(names))
		for i := range raw {
			into[i] = &raw[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for _, v := range raw {
			values = append(values, slices.Clone(v))
		}
	}
	return values, rows.Err()
}

// verifies reports whether any value, or any part of one, taken as the global OPRF seed or as the account's OPRF key confirms that a record
// belongs to a password (RFC 9807 sections 5.2 and 6.3).
func verifies(record []byte, account, password string, values [][]byte) bool {
	if len(record) < 96 {
		return false
	}
	tried := map[string]bool{}
	for _, value := range values {
		candidates := [][]byte{value}
		if text, err := base64.RawURLEncoding.DecodeString(string(value)); err == nil {
			candidates = append(candidates, text)
		}
		for _, c := range candidates {
			for _, size := range []int{32, 64} {
				for i := 0; i+size <= len(c) && i <= 512; i++ {
					if part := string(c[i : i+size]); !tried[part] {
						tried[part] = true
						if confirms(record, account, password, c[i:i+size]) {
							return true
						}
					}
				}
			}
		}
	}
	return false
}

const group = ecc.Ristretto255Sha512

func confirms(record []byte, account, password string, secret []byte) bool {
	key := group.NewScalar()
	if len(secret) == 64 {
		seed, err := hkdf.Expand(sha512.New, secret, account+"OprfKey", 32)
		if err != nil {
			return false
		}
		info := "OPAQUE-DeriveKeyPair"
		input := slices.Concat(seed, []byte{0, byte(len(info))}, []byte(info), []byte{0})
		key = group.HashToScalar(input, []byte("DeriveKeyPairOPRFV1-\x00-ristretto255-SHA512"))
	} else if key.Decode(secret) != nil || key.IsZero() {
		return false
	}
	point := group.HashToGroup([]byte(password), []byte("HashToGroup-OPRFV1-\x00-ristretto255-SHA512")).Multiply(key).Encode()
	input := slices.Concat([]byte{0, byte(len(password))}, []byte(password), []byte{0, byte(len(point))}, point, []byte("Finalize"))
	output := sha512.Sum512(input)
	randomized, err := hkdf.Extract(sha512.New, slices.Concat(output[:], output[:]), nil) // newPerson leaves stretching out
	if err != nil {
		return false
	}
	masking, err := hkdf.Expand(sha512.New, randomized, "MaskingKey", 64)
	return err == nil && bytes.Equal(masking, record[32:96])
}

var controlSeed = bytes.Repeat([]byte{0x5a}, 64)

// controlRecord is the record of the good password under a seed that the test knows.
func controlRecord(t *testing.T) []byte {
	t.Helper()
	suite := api.Suite()
	server, err := suite.Server()
	if err != nil {
		t.Fatal(err)
	}
	private, public := suite.KeyGen()
	if err := server.SetKeyMaterial(&opaque.ServerKeyMaterial{PrivateKey: private, PublicKeyBytes: public.Encode(), OPRFGlobalSeed: controlSeed}); err != nil {
		t.Fatal(err)
	}
	p := newPerson()
	data, err := p.Registration()
	if err != nil {
		t.Fatal(err)
	}
	request, err := server.Deserialize.RegistrationRequest(data)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.RegistrationResponse(request, []byte("id"), nil)
	if err != nil {
		t.Fatal(err)
	}
	record, err := p.Record(response.Serialize(), api.CurrentKSF)
	if err != nil {
		t.Fatal(err)
	}
	return record
}
