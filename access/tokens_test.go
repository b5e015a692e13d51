package access

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/chatd/chatd/chat"
)

var (
	secret    = []byte("the secret of the tests, 32 bytes")
	oldSecret = []byte("the one before it, which is valid")
)

// testKeys are made once: RSA takes its time.
type testKeys struct {
	rsa        *rsa.PrivateKey
	p256, p384 *ecdsa.PrivateKey
	ed         ed25519.PrivateKey
	pem        []byte // the public keys of rsa, p256 and ed
	rsaPEM     []byte
}

var keysOnce = sync.OnceValue(func() testKeys {
	var k testKeys
	k.rsa, _ = rsa.GenerateKey(rand.Reader, 2048)
	k.p256, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k.p384, _ = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	_, k.ed, _ = ed25519.GenerateKey(rand.Reader)
	k.rsaPEM = publicPEM(k.rsa.Public())
	k.pem = bytes.Join([][]byte{k.rsaPEM, publicPEM(k.p256.Public()), publicPEM(k.ed.Public())}, nil)
	return k
})

func publicPEM(key any) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// The signers make tokens from raw text: none of the library's good manners is in the way.

func hs256(key []byte, header, claims string) string {
	text := b64(header) + "." + b64(claims)
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return text + "." + b64(string(h.Sum(nil)))
}

func rs256(key *rsa.PrivateKey, header, claims string) string {
	text := b64(header) + "." + b64(claims)
	sum := sha256.Sum256([]byte(text))
	sig, _ := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	return text + "." + b64(string(sig))
}

func es(key *ecdsa.PrivateKey, size int, header, claims string) string {
	text := b64(header) + "." + b64(claims)
	sum := sha256.Sum256([]byte(text))
	digest := sum[:]
	if size > 32 {
		long := sha512.Sum384([]byte(text))
		digest = long[:]
	}
	r, s, _ := ecdsa.Sign(rand.Reader, key, digest)
	return text + "." + b64(string(fixed(r, size))+string(fixed(s, size)))
}

func fixed(n *big.Int, size int) []byte {
	n = new(big.Int).Mod(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	return n.FillBytes(make([]byte, size))
}

func eddsa(key ed25519.PrivateKey, header, claims string) string {
	text := b64(header) + "." + b64(claims)
	return text + "." + b64(string(ed25519.Sign(key, []byte(text))))
}

// claimsOf returns good claims with more in front.
func claimsOf(more string) string {
	return fmt.Sprintf(`{%s"sub":"u1","exp":%d}`, more, noon.Add(time.Hour).Unix())
}

func headerOf(alg string) string { return fmt.Sprintf(`{"alg":%q,"typ":"JWT"}`, alg) }

func newTokens(t testing.TB, c TokenConfig) *Tokens {
	t.Helper()
	c.Clock = atNoon
	tokens, err := NewTokens(c)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestVerify(t *testing.T) {
	k := keysOnce()
	tokens := newTokens(t, TokenConfig{Secrets: [][]byte{secret, oldSecret}, PublicKeys: k.pem})
	hour := noon.Add(time.Hour)
	user := chat.Actor{ID: "u:u1", Name: "u1", Role: chat.RoleUser, Expires: hour}
	with := func(change func(*chat.Actor)) chat.Actor { a := user; change(&a); return a }
	exp := func(d time.Duration) string { return fmt.Sprintf(`{"sub":"u1","exp":%d}`, noon.Add(d).Unix()) }

	tests := map[string]struct {
		token string
		want  chat.Actor
	}{
		"HS256":               {hs256(secret, headerOf("HS256"), claimsOf("")), user},
		"the previous secret": {hs256(oldSecret, headerOf("HS256"), claimsOf("")), user},
		"RS256":               {rs256(k.rsa, headerOf("RS256"), claimsOf("")), user},
		"ES256":               {es(k.p256, 32, headerOf("ES256"), claimsOf("")), user},
		"EdDSA":               {eddsa(k.ed, headerOf("EdDSA"), claimsOf("")), user},
		"no typ":              {hs256(secret, `{"alg":"HS256"}`, claimsOf("")), user},
		"an access token":     {hs256(secret, `{"alg":"HS256","typ":"at+jwt"}`, claimsOf("")), user},
		"a kid nobody knows":  {hs256(secret, `{"alg":"HS256","kid":"7"}`, claimsOf("")), user},
		"addresses of keys in the header are ignored": {
			hs256(secret, `{"alg":"HS256","jku":"http://203.0.113.1/jwks","x5u":"http://203.0.113.1/x","jwk":{"kty":"oct"},"x5c":["AA"]}`, claimsOf("")), user},
		"name, rooms and role": {
			hs256(secret, headerOf("HS256"), claimsOf(`"name":" Ann  Lee ","rooms":["general","team-*"],"role":"moderator",`)),
			with(func(a *chat.Actor) {
				a.Name, a.Rooms, a.Role = "Ann Lee", []string{"general", "team-*"}, chat.RoleModerator
			})},
		"no rooms at all":     {hs256(secret, headerOf("HS256"), claimsOf(`"rooms":[],`)), with(func(a *chat.Actor) { a.Rooms = []string{} })},
		"vip":                 {hs256(secret, headerOf("HS256"), claimsOf(`"role":"vip",`)), with(func(a *chat.Actor) { a.Role = chat.RoleVIP })},
		"a long name is cut":  {hs256(secret, headerOf("HS256"), claimsOf(`"name":"`+strings.Repeat("é", 100)+`",`)), with(func(a *chat.Actor) { a.Name = strings.Repeat("é", chat.MaxName) })},
		"unicode sub":         {hs256(secret, headerOf("HS256"), fmt.Sprintf(`{"sub":"zoë 😀","exp":%d}`, hour.Unix())), with(func(a *chat.Actor) { a.ID, a.Name = "u:zoë 😀", "zoë 😀" })},
		"exp with a fraction": {hs256(secret, headerOf("HS256"), fmt.Sprintf(`{"sub":"u1","exp":%d.5}`, hour.Unix())), with(func(a *chat.Actor) { a.Expires = hour.Add(time.Second / 2) })},
		"exp in exponents":    {hs256(secret, headerOf("HS256"), `{"sub":"u1","exp":4e9}`), with(func(a *chat.Actor) { a.Expires = time.Unix(4e9, 0) })},
		"within the leeway":   {hs256(secret, headerOf("HS256"), exp(-59*time.Second)), with(func(a *chat.Actor) { a.Expires = noon.Add(time.Second) })},
		"nbf in the leeway": {hs256(secret, headerOf("HS256"), claimsOf(fmt.Sprintf(`"nbf":%d,"iat":%[1]d,`, noon.Add(50*time.Second).Unix()))),
			with(func(a *chat.Actor) { a.Issued = noon.Add(50 * time.Second) })},
		"unknown claims": {hs256(secret, headerOf("HS256"), claimsOf(`"SUB":"root","Role":"moderator","x":{"y":[1,null]},`)),
			with(func(a *chat.Actor) { a.Claims = map[string][]string{"SUB": {"root"}, "Role": {"moderator"}} })},
		"iss and aud aren't checked": {hs256(secret, headerOf("HS256"), claimsOf(`"iss":"a","aud":["b"],`)), user},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tokens.Verify(t.Context(), tt.token)
			if err != nil {
				t.Fatalf("Verify: %v", err)
			}
			if d := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(chat.Actor{}, "Addr")); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	k := keysOnce()
	tokens := newTokens(t, TokenConfig{Secrets: [][]byte{secret}, PublicKeys: k.pem})
	good := hs256(secret, headerOf("HS256"), claimsOf(""))
	parts := strings.Split(good, ".")
	hs := func(claims string) string { return hs256(secret, headerOf("HS256"), claims) }
	head := func(h string) string { return hs256(secret, h, claimsOf("")) }
	otherRSA, _ := rsa.GenerateKey(rand.Reader, 2048)
	hour := noon.Add(time.Hour).Unix()
	guests, _ := NewGuests(secret, atNoon)

	tests := map[string]struct{ token, want string }{
		// The form.
		"empty":              {"", "token_invalid"},
		"garbage":            {"hello", "token_invalid"},
		"only dots":          {"..", "token_invalid"},
		"truncated":          {good[:len(good)-5], "token_invalid"},
		"two parts":          {parts[0] + "." + parts[1], "token_invalid"},
		"four parts":         {good + ".x", "token_invalid"},
		"five parts":         {good + ".x.y", "token_invalid"},
		"no signature":       {parts[0] + "." + parts[1] + ".", "token_invalid"},
		"padding":            {good + "=", "token_invalid"},
		"a line break":       {good[:20] + "\n" + good[20:], "token_invalid"},
		"a space":            {" " + good, "token_invalid"},
		"standard base64":    {strings.Replace(good, parts[2], "+/"+parts[2][2:], 1), "token_invalid"},
		"huge":               {hs(claimsOf(`"x":"` + strings.Repeat("a", maxToken) + `",`)), "token_invalid"},
		"deep":               {hs(claimsOf(`"x":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `,`)), "token_invalid"},
		"a little too deep":  {hs(claimsOf(`"x":` + strings.Repeat(`{"y":`, 9) + "1" + strings.Repeat("}", 9) + `,`)), "token_invalid"},
		"claims are a list":  {hs(`["sub"]`), "token_invalid"},
		"claims are null":    {hs(`null`), "token_invalid"},
		"two objects":        {hs(claimsOf("") + claimsOf("")), "token_invalid"},
		"no UTF-8":           {hs(claimsOf("\"name\":\"\xff\",")), "token_invalid"},
		"a guest's token":    {guests.Issue(NewGuestID(nil), "Ann"), "token_invalid"},
		"a changed claim":    {parts[0] + "." + b64(claimsOf(`"role":"moderator",`)) + "." + parts[2], "token_invalid"},
		"a changed header":   {b64(`{"alg":"HS256","kid":"1"}`) + "." + parts[1] + "." + parts[2], "token_invalid"},
		"the last bit unset": {strictTail(good), "token_invalid"},

		// The algorithm and the key.
		"alg none":                       {b64(`{"alg":"none"}`) + "." + parts[1] + ".", "token_invalid"},
		"alg NONE":                       {b64(`{"alg":"nOnE"}`) + "." + parts[1] + ".", "token_invalid"},
		"alg none, signed":               {hs256(secret, `{"alg":"none"}`, claimsOf("")), "token_invalid"},
		"no alg":                         {head(`{"typ":"JWT"}`), "token_invalid"},
		"alg is a number":                {head(`{"alg":256}`), "token_invalid"},
		"alg is empty":                   {head(`{"alg":""}`), "token_invalid"},
		"two algs":                       {head(`{"alg":"none","alg":"HS256"}`), "token_invalid"},
		"alg in another case":            {head(`{"alg":"hs256"}`), "token_invalid"},
		"HS512, which isn't allowed":     {head(`{"alg":"HS512"}`), "token_invalid"},
		"another secret":                 {hs256([]byte("another secret of thirty-two byte"), headerOf("HS256"), claimsOf("")), "token_invalid"},
		"an empty secret":                {hs256(nil, headerOf("HS256"), claimsOf("")), "token_invalid"},
		"HS256 with the RSA key's PEM":   {hs256(k.rsaPEM, headerOf("HS256"), claimsOf("")), "token_invalid"},
		"HS256 with the RSA key's DER":   {hs256(der(k.rsaPEM), headerOf("HS256"), claimsOf("")), "token_invalid"},
		"RS256 by another key":           {rs256(otherRSA, headerOf("RS256"), claimsOf("")), "token_invalid"},
		"RS256 said, HS256 done":         {hs256(k.rsaPEM, headerOf("RS256"), claimsOf("")), "token_invalid"},
		"PS256 said, RS256 done":         {rs256(k.rsa, headerOf("PS256"), claimsOf("")), "token_invalid"},
		"ES256 on P-384":                 {es(k.p384, 48, headerOf("ES256"), claimsOf("")), "token_invalid"},
		"ES256 on P-384, cut to size":    {es(k.p384, 32, headerOf("ES256"), claimsOf("")), "token_invalid"},
		"ES384":                          {es(k.p384, 48, headerOf("ES384"), claimsOf("")), "token_invalid"},
		"ES256, a signature of zeros":    {zeroSignature(headerOf("ES256"), 64), "token_invalid"},
		"EdDSA, a signature of zeros":    {zeroSignature(headerOf("EdDSA"), 64), "token_invalid"},
		"ES256 said, EdDSA done":         {eddsa(k.ed, headerOf("ES256"), claimsOf("")), "token_invalid"},
		"a kid that is a path":           {hs256(nil, `{"alg":"HS256","kid":"../../../../dev/null"}`, claimsOf("")), "token_invalid"},
		"a kid that is a query":          {hs256([]byte("1"), `{"alg":"HS256","kid":"' UNION SELECT '1"}`, claimsOf("")), "token_invalid"},
		"a kid that is a number":         {head(`{"alg":"HS256","kid":7}`), "token_invalid"},
		"a kid too long":                 {head(`{"alg":"HS256","kid":"` + strings.Repeat("k", 300) + `"}`), "token_invalid"},
		"crit":                           {head(`{"alg":"HS256","crit":["exp"],"exp":1}`), "token_invalid"},
		"crit, empty":                    {head(`{"alg":"HS256","crit":[]}`), "token_invalid"},
		"unencoded payload (RFC 7797)":   {head(`{"alg":"HS256","b64":false,"crit":["b64"]}`), "token_invalid"},
		"nested":                         {hs256(secret, `{"alg":"HS256","cty":"JWT"}`, good), "token_invalid"},
		"compressed":                     {head(`{"alg":"HS256","zip":"DEF"}`), "token_invalid"},
		"encrypted":                      {head(`{"alg":"HS256","enc":"A128GCM"}`), "token_invalid"},
		"another typ":                    {head(`{"alg":"HS256","typ":"dpop+jwt"}`), "token_invalid"},
		"a key that the header brings":   {eddsa(mustEd(), `{"alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"`+b64(string(mustEd().Public().(ed25519.PublicKey)))+`"}}`, claimsOf("")), "token_invalid"},
		"a key behind the header's link": {eddsa(mustEd(), `{"alg":"EdDSA","jku":"http://127.0.0.1:1/jwks","x5u":"file:///etc/passwd"}`, claimsOf("")), "token_invalid"},

		// Time.
		"expired":           {hs(fmt.Sprintf(`{"sub":"u1","exp":%d}`, noon.Add(-61*time.Second).Unix())), "token_expired"},
		"expired long ago":  {hs(`{"sub":"u1","exp":0}`), "token_expired"},
		"expired by a hair": {hs(fmt.Sprintf(`{"sub":"u1","exp":%d}`, noon.Add(-60*time.Second).Unix())), "token_expired"},
		"no exp":            {hs(`{"sub":"u1"}`), "token_invalid"},
		"exp null":          {hs(`{"sub":"u1","exp":null}`), "token_invalid"},
		"exp a text":        {hs(fmt.Sprintf(`{"sub":"u1","exp":"%d"}`, hour)), "token_invalid"},
		"exp huge":          {hs(`{"sub":"u1","exp":1e300}`), "token_invalid"},
		"exp beyond floats": {hs(`{"sub":"u1","exp":1e999}`), "token_invalid"},
		"exp in ms":         {hs(fmt.Sprintf(`{"sub":"u1","exp":%d}`, hour*1000)), "token_invalid"},
		"exp negative":      {hs(`{"sub":"u1","exp":-1}`), "token_invalid"},
		"exp twice":         {hs(fmt.Sprintf(`{"sub":"u1","exp":1,"exp":%d}`, hour)), "token_invalid"},
		"EXP":               {hs(fmt.Sprintf(`{"sub":"u1","EXP":%d}`, hour)), "token_invalid"},
		"nbf in the future": {hs(claimsOf(fmt.Sprintf(`"nbf":%d,`, noon.Add(61*time.Second).Unix()))), "token_not_yet_valid"},
		"iat in the future": {hs(claimsOf(fmt.Sprintf(`"iat":%d,`, noon.Add(61*time.Second).Unix()))), "token_not_yet_valid"},
		"nbf a text":        {hs(claimsOf(`"nbf":"soon",`)), "token_invalid"},

		// The claims.
		"no sub":              {hs(fmt.Sprintf(`{"exp":%d}`, hour)), "token_invalid"},
		"sub empty":           {hs(fmt.Sprintf(`{"sub":"","exp":%d}`, hour)), "token_invalid"},
		"sub null":            {hs(fmt.Sprintf(`{"sub":null,"exp":%d}`, hour)), "token_invalid"},
		"sub a number":        {hs(fmt.Sprintf(`{"sub":7,"exp":%d}`, hour)), "token_invalid"},
		"sub twice":           {hs(fmt.Sprintf(`{"sub":"u1","sub":"root","exp":%d}`, hour)), "token_invalid"},
		"sub twice, escaped":  {hs(fmt.Sprintf(`{"sub":"u1","s\u0075b":"root","exp":%d}`, hour)), "token_invalid"},
		"sub too long":        {hs(fmt.Sprintf(`{"sub":"%s","exp":%d}`, strings.Repeat("a", maxSub+1), hour)), "token_invalid"},
		"sub with a NUL":      {hs(fmt.Sprintf(`{"sub":"u\u0000","exp":%d}`, hour)), "token_invalid"},
		"sub with a newline":  {hs(fmt.Sprintf(`{"sub":"u\n","exp":%d}`, hour)), "token_invalid"},
		"sub turned around":   {hs(fmt.Sprintf(`{"sub":"u\u202e1","exp":%d}`, hour)), "token_invalid"},
		"sub with zero width": {hs(fmt.Sprintf(`{"sub":"u\u200b1","exp":%d}`, hour)), "token_invalid"},
		"sub half a pair":     {hs(fmt.Sprintf(`{"sub":"u\ud800","exp":%d}`, hour)), "token_invalid"},
		"sub of spaces":       {hs(fmt.Sprintf(`{"sub":"  ","exp":%d}`, hour)), "token_invalid"},
		"name a list":         {hs(claimsOf(`"name":["Ann"],`)), "token_invalid"},
		"name endless":        {hs(claimsOf(`"name":"` + strings.Repeat("a", maxNameClaim+1) + `",`)), "token_invalid"},
		"role unknown":        {hs(claimsOf(`"role":"Moderator",`)), "token_invalid"},
		"role staff":          {hs(claimsOf(`"role":"staff",`)), "token_invalid"},
		"role admin":          {hs(claimsOf(`"role":"admin",`)), "token_invalid"},
		"role null":           {hs(claimsOf(`"role":null,`)), "token_invalid"},
		"rooms null":          {hs(claimsOf(`"rooms":null,`)), "token_invalid"},
		"rooms a text":        {hs(claimsOf(`"rooms":"general",`)), "token_invalid"},
		"rooms with a null":   {hs(claimsOf(`"rooms":[null],`)), "token_invalid"},
		"rooms no names":      {hs(claimsOf(`"rooms":["Gene ral"],`)), "token_invalid"},
		"rooms a bad glob":    {hs(claimsOf(`"rooms":["[a"],`)), "token_invalid"},
		"rooms too many":      {hs(claimsOf(`"rooms":["a"` + strings.Repeat(`,"a"`, maxRooms) + `],`)), "token_invalid"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := tokens.Verify(t.Context(), tt.token)
			if got := chat.CodeOf(err); got != tt.want {
				t.Fatalf("got %q (%v) for %+v, want %q", got, err, a, tt.want)
			}
			if e := chat.AsError(err); e.Kind != chat.Unauthenticated || strings.Contains(e.Message, "%!") {
				t.Errorf("got kind %d, message %q; want Unauthenticated and a whole sentence", e.Kind, e.Message)
			}
			if a.ID != "" {
				t.Errorf("got actor %q beside a refusal, want none", a.ID)
			}
		})
	}
}

// strictTail sets a bit that base64 leaves unused in the last character of the signature.
func strictTail(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last|1])
}

func zeroSignature(header string, n int) string {
	return b64(header) + "." + b64(claimsOf("")) + "." + b64(string(make([]byte, n)))
}

var mustEd = sync.OnceValue(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, 32)) })

func der(text []byte) []byte {
	block, _ := pem.Decode(text)
	return block.Bytes
}

func TestIssuerAndAudience(t *testing.T) {
	tokens := newTokens(t, TokenConfig{Secrets: [][]byte{secret}, Issuer: "https://site", Audience: "chat"})
	tests := map[string]struct{ claims, want string }{
		"both right":       {`"iss":"https://site","aud":"chat",`, ""},
		"one of many":      {`"iss":"https://site","aud":["mail","chat"],`, ""},
		"no iss":           {`"aud":"chat",`, "token_invalid"},
		"no aud":           {`"iss":"https://site",`, "token_invalid"},
		"another iss":      {`"iss":"https://site/","aud":"chat",`, "token_invalid"},
		"another aud":      {`"iss":"https://site","aud":"chats",`, "token_invalid"},
		"an empty aud":     {`"iss":"https://site","aud":[],`, "token_invalid"},
		"aud of the wrong": {`"iss":"https://site","aud":{"chat":1},`, "token_invalid"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tokens.Verify(t.Context(), hs256(secret, headerOf("HS256"), claimsOf(tt.claims)))
			if got := chat.CodeOf(err); got != tt.want {
				t.Errorf("got %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestAlgorithmsAreFixed(t *testing.T) {
	k := keysOnce()
	tokens := newTokens(t, TokenConfig{Secrets: [][]byte{secret}, PublicKeys: k.pem, Algorithms: []string{ES256}})
	for alg, tt := range map[string]struct{ token, want string }{
		HS256: {hs256(secret, headerOf("HS256"), claimsOf("")), "token_invalid"},
		RS256: {rs256(k.rsa, headerOf("RS256"), claimsOf("")), "token_invalid"},
		ES256: {es(k.p256, 32, headerOf("ES256"), claimsOf("")), ""},
	} {
		if _, err := tokens.Verify(t.Context(), tt.token); chat.CodeOf(err) != tt.want {
			t.Errorf("%s: got %v, want %q", alg, err, tt.want)
		}
	}
}

func TestNewTokensRefuses(t *testing.T) {
	k := keysOnce()
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	private, _ := x509.MarshalPKCS8PrivateKey(k.ed)
	tests := map[string]TokenConfig{
		"an empty secret":          {Secrets: [][]byte{{}}},
		"no PEM":                   {PublicKeys: []byte("ssh-ed25519 AAAA")},
		"PEM and more":             {PublicKeys: append(bytes.Clone(k.pem), "rest"...)},
		"a private key":            {PublicKeys: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})},
		"a small RSA key":          {PublicKeys: publicPEM(small.Public())},
		"a curve of ES384":         {PublicKeys: publicPEM(k.p384.Public())},
		"an algorithm without key": {Secrets: [][]byte{secret}, Algorithms: []string{RS256}},
		"an unknown algorithm":     {Secrets: [][]byte{secret}, Algorithms: []string{"none"}},
		"HS256 by address":         {JWKSURL: "https://site/jwks", Algorithms: []string{HS256}},
		"an address that is none":  {JWKSURL: "file:///etc/passwd"},
	}
	for name, c := range tests {
		if _, err := NewTokens(c); err == nil {
			t.Errorf("%s: got no error", name)
		} else if strings.Contains(err.Error(), string(secret)) {
			t.Errorf("%s: got the secret in %v", name, err)
		}
	}
}

func TestNoKeys(t *testing.T) {
	tokens := newTokens(t, TokenConfig{})
	_, err := tokens.Verify(t.Context(), hs256(nil, headerOf("HS256"), claimsOf("")))
	if got := chat.CodeOf(err); got != "sign_in_off" || tokens.Enabled() {
		t.Errorf("got %q, enabled %t; want sign_in_off, false", got, tokens.Enabled())
	}
}

func TestMintHS256(t *testing.T) {
	tokens := newTokens(t, TokenConfig{Secrets: [][]byte{secret}, Issuer: "me", Audience: "chat"})
	token, err := MintHS256(secret, Claims{
		Subject: "u1", Name: "Ann", Rooms: []string{"general"}, Role: chat.RoleVIP,
		Issuer: "me", Audience: "chat", IssuedAt: noon, Expires: noon.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := tokens.Verify(t.Context(), token)
	want := chat.Actor{ID: "u:u1", Name: "Ann", Role: chat.RoleVIP, Rooms: []string{"general"}, Issued: noon, Expires: noon.Add(time.Hour)}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(chat.Actor{}, "Addr")); err != nil || d != "" {
		t.Errorf("Verify: %v, -want +got:\n%s", err, d)
	}
	for name, c := range map[string]Claims{
		"no subject": {Expires: noon}, "no end": {Subject: "u"}, "a bad room": {Subject: "u", Expires: noon, Rooms: []string{"A"}},
		"a bad role": {Subject: "u", Expires: noon, Role: chat.RoleStaff},
	} {
		if _, err := MintHS256(secret, c); err == nil {
			t.Errorf("%s: got a token, want an error", name)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	k := keysOnce()
	tokens := newTokens(b, TokenConfig{Secrets: [][]byte{secret}, PublicKeys: k.pem})
	for name, token := range map[string]string{
		HS256: hs256(secret, headerOf("HS256"), claimsOf("")), RS256: rs256(k.rsa, headerOf("RS256"), claimsOf("")),
		ES256: es(k.p256, 32, headerOf("ES256"), claimsOf("")), EdDSA: eddsa(k.ed, headerOf("EdDSA"), claimsOf("")),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := tokens.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
