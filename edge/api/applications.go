package api

// Routes about applications and the signed-in person.
const (
	RouteApplications      = "/api/account/applications"        // GET: Applications
	RouteApplicationRemove = "/api/account/applications/remove" // ApplicationRemoveRequest → {}
	RouteApps              = "/api/apps"                        // GET: Apps
)

// Applications lists the applications that may do something for the person or that the person is signed in to, newest use first.
type Applications struct {
	Applications []Application `json:"applications"`
}

// Application is one of them, and what it may do.
type Application struct {
	ID        string            `json:"id"`        // client id
	Name      string            `json:"name"`      // "" when it is not registered any more
	Host      string            `json:"host"`      // of its own pages, "" when it did not say
	Verified  bool              `json:"verified"`  // registered by the operator; false: it registered itself and may call itself anything
	Agreed    bool              `json:"agreed"`    // by the person; false: the operator agreed for everyone
	Scopes    []string          `json:"scopes"`    // of openid, profile, email and offline_access
	Resources []ConsentResource `json:"resources"` // APIs it may use
	Since     int64             `json:"since"`
	LastUsed  int64             `json:"last_used"`
	Offline   bool              `json:"offline"` // keeps its access when the person signs out
}

// ApplicationRemoveRequest takes from an application all that it may do, and signs the person out of it.
type ApplicationRemoveRequest struct {
	ID string `json:"id"`
}

// Apps lists the applications that the person may open, by name.
type Apps struct {
	Apps []App `json:"apps"`
}

// App is one of them.
type App struct {
	Name string `json:"name"`
	Host string `json:"host"` // where it opens
	URL  string `json:"url"`  // https
}
