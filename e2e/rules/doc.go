// Package rules holds what is true of the whole tree, as tests: who imports whom and why not, what every package and exported name
// says of itself, how long files and functions are, where links in documents lead, and the sizes that were promised
// (e2e/budget). Only the sizes need anything built.
package rules
