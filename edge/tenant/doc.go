// Package tenant is the object that keeps what belongs to a tenant. The one tenant there is so far, Consumers, holds the personal
// accounts and the applications that they can sign in to.
//
// Applications, and the APIs that tokens are made for, come from a declarative file (Parse) that an operator sends to PUT
// /operator/applications (Mount). A file is taken as a whole or not at all; the errors name the application, the field and what
// to do. Applications can also register themselves (ParseRegistration, Register), with a token that the operator gives out; files
// and registrations never touch each other. Nothing is a secret once it is stored: of client secrets and tokens only the SHA-256 is kept,
// which is enough because they are random and long, and keys are public keys.
//
// edge/token asks Service for an application at every authorization and token request; finished values are shared for up to
// 30 seconds, so that a changed registration holds everywhere half a minute later. The package decides what may be registered
// and what matches a registration. It knows no protocol message.
package tenant
