package selfhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// grace is how long a stopping server may take to finish the requests it has.
const grace = 10 * time.Second

// Server is a running workerd.
type Server struct {
	// URL is where it answers, "https://host:port", without a path.
	URL string

	command *exec.Cmd
	done    chan struct{}
	err     error
}

// Start runs the Worker and returns when it accepts connections, or why it does not. The server outlives ctx, which bounds only
// the start.
func Start(ctx context.Context, config Config) (*Server, error) {
	c, err := config.complete()
	if err != nil {
		return nil, err
	}
	file, err := c.write()
	if err != nil {
		return nil, err
	}
	report, inherited, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("selfhost: %w", err)
	}
	defer report.Close()
	s := &Server{command: exec.Command(c.Workerd, "serve", "--control-fd=3", file), done: make(chan struct{})}
	s.command.Stdout, s.command.Stderr = c.Log, c.Log
	s.command.ExtraFiles = []*os.File{inherited}
	s.command.Env = os.Environ()
	for name, value := range c.Vars {
		s.command.Env = append(s.command.Env, name+"="+value)
	}
	endWithParent(s.command)
	err = s.command.Start()
	inherited.Close()
	if err != nil {
		return nil, fmt.Errorf("selfhost: %w", err)
	}
	go func() {
		s.err = s.command.Wait()
		close(s.done)
	}()
	stop := context.AfterFunc(ctx, func() { s.command.Process.Kill() })
	port, err := listening(report)
	if !stop() || err != nil {
		s.Kill()
		return nil, fmt.Errorf("selfhost: workerd did not start: %w", errors.Join(ctx.Err(), err))
	}
	s.URL = c.url(port)
	return s, nil
}

// write puts the configuration into the state directory.
func (c Config) write() (file string, err error) {
	modules, err := c.findModules()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(c.objectDirectory(), 0o700); err != nil {
		return "", fmt.Errorf("selfhost: %w", err)
	}
	file = filepath.Join(c.State, "workerd.capnp")
	if err := os.WriteFile(file, []byte(c.capnp(modules)), 0o600); err != nil {
		return "", fmt.Errorf("selfhost: %w", err)
	}
	return file, nil
}

// listening waits for workerd to say which port it has taken.
func listening(report *os.File) (port int, err error) {
	var event struct {
		Event string `json:"event"`
		Port  int    `json:"port"`
	}
	for messages := json.NewDecoder(report); event.Event != "listen"; {
		if err := messages.Decode(&event); err != nil {
			return 0, errors.New("it ended; its log says why")
		}
	}
	return event.Port, nil
}

func (c Config) url(port int) string {
	scheme := "http"
	if c.Certificate != "" {
		scheme = "https"
	}
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil || host == "" || host == "*" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port))
}

// PID is the process's id.
func (s *Server) PID() int { return s.command.Process.Pid }

// Done is closed when the process has ended, for whatever reason.
func (s *Server) Done() <-chan struct{} { return s.done }

// Stop lets the server finish the requests it has and ends it; after ten seconds it no longer waits. It does nothing to one
// that has ended.
func (s *Server) Stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("selfhost: %w", err)
	}
	select {
	case <-s.done:
	case <-time.After(grace):
		return s.Kill()
	}
	return nil
}

// Kill ends the server at once, in the middle of whatever it does. What it has acknowledged is on disk.
func (s *Server) Kill() error {
	if err := s.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("selfhost: %w", err)
	}
	<-s.done
	return nil
}
