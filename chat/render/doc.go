// Package render turns what an author typed into the forms that readers see.
package render
