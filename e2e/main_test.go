package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// binary is the program under test, built by TestMain.
var binary string

// long selects the sizes that the promises speak of.
var long = os.Getenv("CHATD_TEST_LONG") == "1"

// sized returns the short or the long form of a number.
func sized[T any](short, full T) T {
	if long {
		return full
	}
	return short
}

func TestMain(m *testing.M) {
	code, err := testMain(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func testMain(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "chatd-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "chatd")
	args := []string{"build", "-o", binary}
	if raced {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "github.com/chatd/chatd/cmd/chatd")...)
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the program: %w\n%s", err, out)
	}
	code := m.Run()
	err = stopCluster()
	if code == 0 && err == nil {
		err = goleak.Find()
	}
	return code, err
}
