package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker of release builds: -ldflags "-X main.version=v1.2.3".
var version string

// versionName is the release, else what Go knows of the build.
func versionName() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "development"
	}
	return info.Main.Version
}

func versionLine() string {
	return fmt.Sprintf("chatd %s (%s, %s/%s)", versionName(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
