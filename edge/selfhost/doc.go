// Package selfhost runs Latchkey on a machine of one's own: it starts the built Worker on plain workerd, the open-source
// runtime of Cloudflare Workers, with its objects in a directory on disk.
//
// It is for operators who embed Latchkey or want to supervise it from Go, for `make run`, and for tests. Start writes workerd's
// configuration into the state directory, starts the process and returns when it answers:
//
//	server, err := selfhost.Start(ctx, selfhost.Config{
//		Worker: "edge/dist", Site: "site/dist", State: "/var/lib/latchkey", Address: "127.0.0.1:8443",
//		Certificate: "cert.pem", Key: "key.pem",
//		Vars: map[string]string{"LATCHKEY_ISSUER": "https://id.example", …},
//	})
//
// What matters for keeping it running: the state directory is all there is to back up (stop the server first, or take a snapshot
// of the file system), and one process at a time may use it. Clients connect directly or through a proxy; behind one, say which
// header carries the client's address (LATCHKEY_ADDRESS_HEADER), because otherwise it is the proxy's.
package selfhost
