package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// jwtSecret is shared between the program and the site that the tests play.
const jwtSecret = "an-e2e-secret-that-must-never-be-logged-0123456789"

// mint signs a token as the owner's site would, of one hour unless exp is given.
func mint(t *testing.T, sub string, more jwt.MapClaims) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": sub, "name": sub, "exp": time.Now().Add(time.Hour).Unix()}
	for k, v := range more {
		claims[k] = v
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(jwtSecret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// always is a client.Options.Token that returns one token.
func always(token string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return token, nil }
}

// user is always the same token of a user of this name.
func user(t *testing.T, name string) func(context.Context) (string, error) {
	t.Helper()
	return always(mint(t, name, nil))
}

// moderator is always the same token of a moderator of all rooms.
func moderator(t *testing.T, name string) func(context.Context) (string, error) {
	t.Helper()
	return always(mint(t, name, jwt.MapClaims{"role": "moderator"}))
}
