package main

import (
	"context"
	"crypto/ecdh"
	"encoding/json"
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/edge/api"
	"github.com/latchkey-id/latchkey/wasm/client"
	"github.com/latchkey-id/latchkey/wasm/state"
)

// secretPerson is the name under which is kept who is signed in.
const secretPerson = "person"

// person is who is signed in on this computer.
type person struct {
	Account string `json:"account"` // id
	UPN     string `json:"upn"`
}

// connection is a service, and what this computer remembers of it.
type connection struct {
	*client.Client
	options   deviceOptions
	transport *transport
	jar       *jar
	dir       *state.Dir
	kept      *keystore
	person    person
}

// keystore keeps why it failed the last time: the core tells a page no more than that it did.
type keystore struct {
	client.Keystore
	wait    time.Duration // for another process
	failure error
}

// OpenMemory opens what a vault knows.
func (k *keystore) OpenMemory(ctx context.Context, account string) (client.Memory, error) {
	ctx, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel()
	memory, err := k.Keystore.OpenMemory(ctx, account)
	if k.failure = err; errors.Is(err, state.ErrBusy) {
		err = errors.Join(client.ErrMemoryBusy, err)
	}
	return memory, err
}

// DeviceKey is this computer's key.
func (k *keystore) DeviceKey(ctx context.Context, account string) (ecdh.KeyExchanger, error) {
	key, err := k.Keystore.DeviceKey(ctx, account)
	k.failure = err
	return key, err
}

// connect opens what is remembered of the service. It sends nothing.
func (p program) connect(ctx context.Context, o deviceOptions) (*connection, error) {
	if err := p.fill(&o); err != nil {
		return nil, err
	}
	root, err := p.stateRoot()
	if err != nil {
		return nil, err
	}
	c := &connection{options: o, dir: state.Open(serviceDirectory(root, o.service), p.system.keyring)}
	if c.transport, err = newTransport(o.ca); err != nil {
		return nil, err
	}
	if c.jar, err = openJar(ctx, c.dir, o.service); err != nil {
		return nil, err
	}
	c.transport.jar = c.jar
	secrets, err := c.dir.Secrets(ctx)
	if err != nil {
		return nil, err
	}
	if body := secrets[secretPerson]; body != nil && json.Unmarshal(body, &c.person) != nil {
		return nil, state.ErrDamaged
	}
	c.kept = &keystore{Keystore: state.NewKeystore(c.dir, time.Now), wait: o.wait}
	c.Client, err = client.New(client.Config{Base: o.service, Transport: c.transport, Keystore: c.kept, Now: time.Now})
	return c, err
}

// signedIn is connect for a command that needs somebody to be signed in. Error: errSignIn.
func (p program) signedIn(ctx context.Context, o deviceOptions) (*connection, error) {
	c, err := p.connect(ctx, o)
	if err == nil && (!c.jar.signedIn() || c.person.Account == "") {
		err = errSignIn
	}
	return c, err
}

// outcome is an error with an exit code of its own.
type outcome struct {
	code int
	text string
}

func (o outcome) Error() string { return o.text }

var (
	errSignIn    = outcome{exitSignIn, "you are not signed in here: latchkey signin"}
	errUntrusted = outcome{exitUntrusted, "this computer is not trusted yet, so your settings stay closed to it: latchkey trust"}
	errLocked    = outcome{exitUntrusted, "your settings are not open on this computer: latchkey trust"}
	errBusy      = outcome{exitBusy, "another latchkey is at work on the same settings; try again when it is done"}
)

// explain turns what a call came to into what a person at a terminal can do about it.
func (c *connection) explain(err error) error {
	problem, ok := errors.AsType[*api.Problem](err)
	switch {
	case errors.Is(err, state.ErrBusy), ok && problem.Code == client.CodeVaultInUse:
		return errBusy
	case ok && problem.Code == api.CodeInternal && c.kept.failure != nil:
		return c.kept.failure
	case ok && problem.Code == client.CodeVaultLocked, ok && problem.Code == api.CodeVaultMissing:
		return errLocked
	case ok && problem.Code == api.CodeSessionRequired:
		return errSignIn
	case ok && problem.Code == api.CodeDeviceUntrusted:
		return errUntrusted
	case ok && problem.Code == api.CodeNotFound:
		return outcome{exitMissing, describe(err)}
	case ok:
		return c.transport.explain(err)
	}
	return err
}
