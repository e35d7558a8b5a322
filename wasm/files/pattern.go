package files

import (
	"path"
	"slices"
	"strings"
)

// checkPattern says what is wrong with a pattern.
func checkPattern(pattern string) string {
	for part := range strings.SplitSeq(pattern, "/") {
		if _, err := path.Match(part, ""); err != nil {
			return pattern + " is not a pattern: a [ has no ]"
		}
	}
	return ""
}

// picks reports whether a source has this name, by its include and exclude patterns.
func (s Source) picks(name string) bool {
	match := matchKey
	if s.Kind == Files || s.Kind == Tree {
		match = matchPath
	}
	fits := func(pattern string) bool { return match(pattern, name) }
	return (len(s.Include) == 0 || slices.ContainsFunc(s.Include, fits)) && !slices.ContainsFunc(s.Exclude, fits)
}

// skips reports whether a directory and all below it is excluded, so that it need not be walked.
func (s Source) skips(dir string) bool {
	return slices.ContainsFunc(s.Exclude, func(pattern string) bool { return matchPath(pattern, dir) })
}

// matchPath matches a path or one of the directories it is in. Within a part * ? and [a-z] stand for what they do in a shell, ** stands
// for any number of parts. A pattern without a slash matches at any depth.
func matchPath(pattern, name string) bool {
	parts := strings.Split(name, "/")
	if !strings.Contains(pattern, "/") {
		return slices.ContainsFunc(parts, func(part string) bool { return matchPart(pattern, part) })
	}
	words := strings.Split(strings.TrimPrefix(pattern, "/"), "/")
	if words[len(words)-1] == "" { // "dir/"
		words = words[:len(words)-1]
	}
	for n := 1; n <= len(parts); n++ {
		if matchRun(words, parts[:n], func(w string) bool { return w == "**" }, matchPart) {
			return true
		}
	}
	return false
}

func matchPart(pattern, part string) bool {
	ok, _ := path.Match(pattern, part)
	return ok
}

// matchKey matches the name of a key: * stands for any characters, ? for one.
func matchKey(pattern, name string) bool {
	return matchRun([]rune(pattern), []rune(name), func(r rune) bool { return r == '*' },
		func(p, r rune) bool { return p == '?' || p == r })
}

// matchRun matches what against pattern, where a star takes any number of elements. It goes back to the last star only, which is
// enough, and keeps it from becoming exponential.
func matchRun[T any](pattern, what []T, star func(T) bool, same func(T, T) bool) bool {
	p, w, last, from := 0, 0, -1, 0
	for w < len(what) {
		switch {
		case p < len(pattern) && star(pattern[p]):
			last, from = p, w
			p++
		case p < len(pattern) && same(pattern[p], what[w]):
			p, w = p+1, w+1
		case last >= 0:
			from++
			p, w = last+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && star(pattern[p]) {
		p++
	}
	return p == len(pattern)
}
