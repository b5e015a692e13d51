package api

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Answers that are kept for repetitions may hold secrets (a new key, a made password). They lie sealed under a
// key that is made of the client's Idempotency-Key, which itself is stored nowhere: who has the database can't open them.

// sealingKey derives the key for the answer to one caller's Idempotency-Key.
func sealingKey(secret []byte, caller, idempotencyKey string) ([]byte, error) {
	return hkdf.Key(sha256.New, []byte(idempotencyKey), secret, "answer\n"+caller, 32)
}

// seal encrypts an answer with AES-256-GCM; bound is what it belongs to.
func seal(key, answer, bound []byte) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, gcm.NonceSize())
	rand.Read(nonce) // never fails (crypto/rand)
	return gcm.Seal(nonce, nonce, answer, bound), nil
}

var errSeal = errors.New("a kept answer can't be opened")

// unseal opens what seal made.
func unseal(key, sealed, bound []byte) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < gcm.NonceSize() {
		return nil, errSeal
	}
	answer, err := gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], bound)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSeal, err)
	}
	return answer, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
