// Package shop is the demo application: a small shop with a page for everybody and one for its members.
//
// It shows what a site needs to do to use Latchkey, which is why everything about signing in is one import, edge/rp, and four
// lines of New. Nothing here is part of the service.
package shop

import (
	"embed"
	"html/template"
	"log/slog"
	"net/http"

	"github.com/latchkey-id/latchkey/edge/rp"
)

//go:embed page.html style.css
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

type article struct{ Name, Price, MemberPrice, Note, Shape string }

var articles = []article{
	{"Brass latch", "€ 34", "€ 29", "Solid, hand-filed, closes with a click.", "latch"},
	{"Skeleton key", "€ 18", "€ 15", "Opens nothing in particular. Looks it, too.", "key"},
	{"Door bell", "€ 52", "€ 44", "One clear note in B flat.", "bell"},
}

type view struct {
	User     rp.User
	SignedIn bool
	Members  bool // the members' page
	Articles []article
	Failure  string
	Account  string // where a person manages the account
	Kept     kept   // what the member's own vault has of the shop
}

// New returns the shop as a handler. The configuration's Failed is the shop's own.
func New(config rp.Config) (http.Handler, error) {
	s := &site{account: config.Issuer + "/account", log: config.Log}
	if s.log == nil {
		s.log = slog.Default()
	}
	config.Failed = s.failed
	auth, err := rp.New(config)
	if err != nil {
		return nil, err
	}
	s.auth, s.keep = auth, newKeeper(config.Issuer, config.ClientID, config.ClientSecret, config.BaseURL, config.Client)
	mux := http.NewServeMux()
	mux.Handle("/auth/", auth)
	mux.Handle("GET /members", auth.Require(http.HandlerFunc(s.members)))
	mux.Handle("GET /settings/connect", auth.Require(http.HandlerFunc(s.connect)))
	mux.Handle("GET /settings/callback", auth.Require(http.HandlerFunc(s.connected)))
	mux.Handle("POST /settings", auth.Require(http.HandlerFunc(s.change)))
	mux.HandleFunc("GET /{$}", s.front)
	mux.Handle("GET /style.css", http.FileServerFS(files))
	return secure(mux, config.Issuer), nil
}

type site struct {
	auth    *rp.RP
	keep    *keeper
	account string
	log     *slog.Logger
}

func (s *site) front(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, view{Articles: articles})
}

func (s *site) members(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, view{Articles: articles, Members: true})
}

// connect asks for the key of what the shop keeps for the member.
func (s *site) connect(w http.ResponseWriter, r *http.Request) {
	user, _ := s.auth.User(r)
	if err := s.keep.connect(w, r, user.Subject); err != nil {
		s.failed(w, r, err.Error())
	}
}

func (s *site) connected(w http.ResponseWriter, r *http.Request) {
	user, _ := s.auth.User(r)
	if err := s.keep.connected(r, user.Subject); err != nil {
		s.failed(w, r, err.Error())
		return
	}
	http.Redirect(w, r, "/members", http.StatusSeeOther)
}

// change turns the theme or puts something into the cart.
func (s *site) change(w http.ResponseWriter, r *http.Request) {
	user, _ := s.auth.User(r)
	r.Body = http.MaxBytesReader(w, r.Body, 1024)
	if err := s.keep.change(r, user.Subject); err != nil {
		s.failed(w, r, err.Error())
		return
	}
	http.Redirect(w, r, "/members", http.StatusSeeOther)
}

func (s *site) failed(w http.ResponseWriter, r *http.Request, reason string) {
	s.show(w, r, http.StatusBadRequest, view{Failure: reason})
}

func (s *site) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	if s.auth != nil {
		v.User, v.SignedIn = s.auth.User(r)
	}
	if v.Members && v.SignedIn {
		v.Kept = s.keep.look(r, v.User.Subject)
	}
	v.Account = s.account
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store") // says who is signed in
	w.WriteHeader(status)
	if err := page.Execute(w, v); err != nil {
		s.log.Error("page not written", "error", err)
	}
}

// secure adds what every page of a site should have. Signing out posts a form here that ends at the sign-in service, so
// form-action names both.
func secure(next http.Handler, issuer string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self' "+issuer+"; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Strict-Transport-Security", "max-age=63072000")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}
