package api

// Routes of the page where a person answers a device (RFC 8628 section 3.3).
const (
	RouteDevice       = "/api/device"        // DeviceRequest → DeviceResponse
	RouteDeviceAnswer = "/api/device/answer" // DeviceAnswerRequest → {}
)

// MaxDeviceCode bounds what is taken for a typed device code, in bytes.
const MaxDeviceCode = 64

// DeviceRequest asks which device shows a code. It changes nothing.
type DeviceRequest struct {
	Code string `json:"code"` // as it was typed
}

// DeviceResponse is what a person needs to know before the answer. When the person has to sign in first, only SignIn is there.
type DeviceResponse struct {
	SignIn string `json:"signin,omitempty"` // path of the sign-in page, which leads back to the page and the code

	State       string   `json:"state,omitempty"` // sealed; return it with the answer
	Code        string   `json:"code,omitempty"`  // as the device shows it: two groups of four letters with a hyphen between
	Application string   `json:"application,omitempty"`
	Verified    bool     `json:"verified"`            // registered by the operator; false: it registered itself and may call itself anything
	UPN         string   `json:"upn,omitempty"`       // whose account the device would be signed in to
	Scopes      []string `json:"scopes,omitempty"`    // what the application asks for
	Resources   []string `json:"resources,omitempty"` // names of the APIs that it may use
	Place       string   `json:"place,omitempty"`     // "Berlin, DE", where the device asked from; "" when the platform does not say
	Created     int64    `json:"created,omitempty"`   // when it asked
	Expires     int64    `json:"expires,omitempty"`   // end of the code
	Elsewhere   bool     `json:"elsewhere,omitempty"` // it asked from another network than this browser's
}

// DeviceAnswerRequest answers the device that a DeviceResponse was about.
type DeviceAnswerRequest struct {
	State string `json:"state"`
	Allow bool   `json:"allow"`
}
