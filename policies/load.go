package policies

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// The bounds of what Load takes.
const (
	MaxFiles    = 64
	MaxFileSize = 1 << 20 // bytes
	MaxRules    = 1000    // of one file
	MaxTerms    = 100_000 // and allowed phrases, of all files
	MaxTermSize = 200     // bytes
)

// Load reads and compiles every *.yaml and *.yml file of a folder, in order of their
// names. Files that aren't policies in every detail are refused: the error names each
// file, line, and what is allowed there. A folder without such a file is refused.
func Load(folder fs.FS) (*Set, error) {
	names, err := policyFiles(folder)
	if err != nil {
		return nil, err
	}
	var patterns []pattern
	var problems []error
	set := &Set{own: make(map[string]finder, len(names))}
	whole := sha256.New()
	for _, name := range names {
		content, err := readBounded(folder, name)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		// Hashed with its length, so that no two folders run together alike.
		fmt.Fprintf(whole, "%s %d\n%s", name, len(content), content)
		p := parser{file: name, policy: policyName(name), version: hash(content), left: MaxTerms - len(patterns)}
		p.parse(content)
		patterns = append(patterns, p.patterns...)
		set.names = append(set.names, p.policy)
		set.own[p.policy] = newWordFinder(p.patterns)
		problems = append(problems, p.err())
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	set.version, set.finder = shorten(whole.Sum(nil)), newWordFinder(patterns)
	return set, nil
}

func policyFiles(folder fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, fmt.Errorf("read the policies' folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		ext := path.Ext(e.Name())
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") && (ext == ".yaml" || ext == ".yml") {
			names = append(names, e.Name())
		}
	}
	switch {
	case len(names) == 0:
		return nil, errors.New("the policies' folder has no *.yaml or *.yml file; to prohibit nothing, put a file with 'version: 1' and 'rules: []' there")
	case len(names) > MaxFiles:
		return nil, fmt.Errorf("the policies' folder has %d files; at most %d are allowed", len(names), MaxFiles)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(policyName(a), policyName(b)) })
	for i := 1; i < len(names); i++ {
		if policyName(names[i]) == policyName(names[i-1]) {
			return nil, fmt.Errorf("%s and %s name the same policy; rename one", names[i-1], names[i])
		}
	}
	return names, nil
}

func policyName(file string) string { return strings.TrimSuffix(file, path.Ext(file)) }

func readBounded(folder fs.FS, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open policy: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	if len(content) > MaxFileSize {
		return nil, fmt.Errorf("%s: the file is too large; at most %d bytes are allowed", name, MaxFileSize)
	}
	return content, nil
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return shorten(sum[:])
}

// shorten keeps 64 bits: enough to tell versions apart, short enough to be read out.
func shorten(sum []byte) string { return hex.EncodeToString(sum[:8]) }
