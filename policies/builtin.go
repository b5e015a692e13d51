package policies

import (
	"embed"
	"io/fs"
)

//go:embed builtin/*.yaml
var builtin embed.FS

// Builtin returns the folder of policies that hold where nothing is configured.
func Builtin() fs.FS {
	folder, err := fs.Sub(builtin, "builtin")
	if err != nil {
		panic(err) // a constant, valid path: it can't fail
	}
	return folder
}
