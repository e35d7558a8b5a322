package api

// RouteCommandLine gives the command line a session of its own: CommandLineRequest → {}, with the cookies that a browser would get. It
// takes the command line's access token, once, with the DPoP proof that belongs to it (Authorization: DPoP …, RFC 9449 section 7.1), and
// answers an error in that header's way. It is not for browsers.
const RouteCommandLine = "/api/cli/session"

// MaxHostName bounds the name that a computer gives itself, in bytes.
const MaxHostName = 63

// CommandLineRequest says which computer the command line is on, so that its owner can tell it from others. Anything but letters, digits,
// dots and hyphens makes it nameless.
type CommandLineRequest struct {
	Host string `json:"host"`
}
