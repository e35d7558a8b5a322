package session

import "strings"

// Product tokens of User-Agent headers and what people call them. Most browsers name their ancestors too, so order matters.
var (
	browsers = []struct{ token, name string }{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"},
		{"OPR/", "Opera"},
		{"Vivaldi/", "Vivaldi"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
	}
	systems = []struct{ token, name string }{
		{"Android", "Android"},
		{"iPhone", "iPhone"}, {"iPad", "iPad"},
		{"Windows", "Windows"},
		{"CrOS", "ChromeOS"},
		{"Macintosh", "macOS"},
		{"Linux", "Linux"},
	}
)

// maxUserAgent is how much of a User-Agent header is looked at, in bytes.
const maxUserAgent = 512

// Label names a browser for its owner, from the User-Agent header: "Firefox on Linux", or what is known of it, or "". Names come
// from a fixed list, so nothing that a client sends is shown to anybody.
func Label(userAgent string) string {
	userAgent = userAgent[:min(len(userAgent), maxUserAgent)]
	var browser, system string
	for _, b := range browsers {
		if strings.Contains(userAgent, b.token) {
			browser = b.name
			break
		}
	}
	for _, s := range systems {
		if strings.Contains(userAgent, s.token) {
			system = s.name
			break
		}
	}
	if browser != "" && system != "" {
		return browser + " on " + system
	}
	return browser + system
}
