package config

import (
	"net/netip"
	"time"
)

//go:generate go test -run TestDocs -update .

// Settings are all that an operator decides. Each field is a flag by its name tag; the
// same in capitals after CHATD_ is its environment variable, and with underscores its
// key in chatd.yaml. The is tag names what a value is checked for (see checks), min and
// max bound numbers, sizes and durations.
type Settings struct {
	Addr            string        `name:"addr" default:":8000" is:"addr" group:"server" help:"Address to listen on. Where it isn't set, the environment's PORT is honoured."`
	DataDir         string        `name:"data-dir" default:"./chatd-data" is:"filled" group:"server" help:"Folder of the embedded database; made if it doesn't exist."`
	DatabaseURL     SecretURL     `name:"database-url" default:"" placeholder:"URL" is:"database" group:"server" help:"PostgreSQL, as postgres://user:password@host/name. Empty: SQLite in the data folder."`
	RedisURL        SecretURL     `name:"redis-url" default:"" placeholder:"URL" is:"redis" group:"server" help:"Redis between several nodes; comes with a later version. REDIS_HOST and REDIS_PORT stand for it."`
	Durability      string        `name:"durability" default:"power" is:"process|power" group:"server" help:"What a stored message survives: the end of the process, or of the power too."`
	ShutdownTimeout time.Duration `name:"shutdown-timeout" default:"20s" min:"1s" max:"10m" group:"server" help:"How long a stop may take before connections are cut."`
	PoliciesDir     string        `name:"policies-dir" default:"" placeholder:"FOLDER" group:"server" help:"Folder of prohibited-word policies in YAML. Empty: only the built-in ones."`
	LogLevel        string        `name:"log-level" default:"info" is:"debug|info|warn|error" group:"server" help:"Least level that is logged."`
	LogFormat       string        `name:"log-format" default:"auto" is:"auto|json|text" group:"server" help:"Form of the log: auto is text on a terminal and json elsewhere."`
	ProfileAddr     string        `name:"profile-addr" default:"" placeholder:"ADDR" is:"localaddr" group:"server" help:"Address of this machine that serves profiles for go tool pprof. Empty: none are served."`

	AdminPassword     Secret        `name:"admin-password" default:"" placeholder:"SECRET" is:"password" group:"access" help:"First start: password of the staff account admin. Empty: one is made and printed once."`
	APIKey            Secret        `name:"api-key" default:"" placeholder:"SECRET" is:"apikey" group:"access" help:"First start: an API key with all rights. Empty: none."`
	SessionIdle       time.Duration `name:"session-idle" default:"12h" min:"5m" max:"720h" group:"access" help:"How long a log-in of staff lasts that nobody uses."`
	SessionLifetime   time.Duration `name:"session-lifetime" default:"168h" min:"5m" max:"8760h" group:"access" help:"How long a log-in of staff lasts in any case."`
	JWTSecret         Secret        `name:"jwt-secret" default:"" placeholder:"SECRET" is:"jwtsecret" group:"access" help:"Secret shared with your site, which signs users' tokens with HS256."`
	JWTSecretPrevious Secret        `name:"jwt-secret-previous" default:"" placeholder:"SECRET" is:"jwtsecret" group:"access" help:"The secret before it, still accepted while it is rotated."`
	JWTPublicKeyFile  string        `name:"jwt-public-key-file" default:"" placeholder:"FILE" group:"access" help:"PEM file of public keys for users' tokens (RS256, ES256, EdDSA)."`
	JWKSURL           string        `name:"jwks-url" default:"" placeholder:"URL" is:"web" group:"access" help:"Address of a JWK Set with public keys for users' tokens."`
	JWTAlgorithms     []string      `name:"jwt-algorithms" default:"" placeholder:"ALG" is:"algorithm" group:"access" help:"Accepted signing algorithms. Empty: those that the keys serve."`
	JWTIssuer         string        `name:"jwt-issuer" default:"" placeholder:"TEXT" group:"access" help:"What a token's iss must be. Empty: not checked."`
	JWTAudience       string        `name:"jwt-audience" default:"" placeholder:"TEXT" group:"access" help:"What a token's aud must hold. Empty: not checked."`

	AllowedOrigins []string       `name:"allowed-origins" default:"" placeholder:"ORIGIN" is:"origin" group:"access" help:"Sites that may connect besides the server's own host: https://example.com, https://*.example.com, or * for all."`
	TrustedProxies []netip.Prefix `name:"trusted-proxies" default:"" placeholder:"NET" group:"access" help:"Addresses or networks of proxies whose forwarding headers are believed. Empty: none, this machine neither."`

	RoomCreation string `name:"room-creation" default:"anyone" is:"anyone|staff" group:"rooms" help:"Who makes rooms: anyone, at the first message, or staff only."`
	RoomsMax     int    `name:"rooms-max" default:"10000" min:"1" max:"10000000" group:"rooms" help:"Most rooms that are stored."`
	EditWindow   Window `name:"edit-window" default:"15m" min:"1s" max:"8760h" group:"rooms" help:"How long authors may edit their messages: a duration, forever, or off."`

	RateMessagesUser       Rate `name:"rate-messages-user" default:"10/10s" group:"limits" help:"Messages of one user."`
	RateMessagesAddress    Rate `name:"rate-messages-address" default:"40/10s" group:"limits" help:"Messages from one address."`
	RateActionsUser        Rate `name:"rate-actions-user" default:"60/10s" group:"limits" help:"Everything else that one user asks for: edits, reactions, history, typing; one address has five times that."`
	RateJoinsAddress       Rate `name:"rate-joins-address" default:"60/1m" group:"limits" help:"Joins of rooms from one address."`
	RateNewRoomsAddress    Rate `name:"rate-new-rooms-address" default:"10/1h" group:"limits" help:"New rooms from one address."`
	RateConnectionsAddress Rate `name:"rate-connections-address" default:"60/1m" group:"limits" help:"New connections from one address."`
	RateAPI                Rate `name:"rate-api" default:"1200/1m" group:"limits" help:"Requests to the REST API with one key, or in one session of staff."`
	RateLogins             Rate `name:"rate-logins" default:"10/15m" group:"limits" help:"Log-ins of staff from one address, and from one address to one account; an account has 20 times that from everywhere. Never off: off means the default."`
	ConnectionsAddressMax  int  `name:"connections-address-max" default:"100" min:"0" max:"10000000" group:"limits" help:"Open connections from one address; 0: unlimited."`
	ConnectionsMax         int  `name:"connections-max" default:"50000" min:"0" max:"10000000" group:"limits" help:"Open connections of this node; 0: unlimited."`

	SessionQueue     Size          `name:"session-queue" default:"256KiB" min:"16KiB" max:"64MiB" group:"delivery" help:"What may wait for one slow reader before it is closed and told to come back."`
	SocketSendBuffer Size          `name:"socket-send-buffer" default:"64KiB" min:"0" max:"16MiB" group:"delivery" help:"The kernel's send buffer for each connection; 0: the system's choice."`
	FrameMax         Size          `name:"frame-max" default:"64KiB" min:"4KiB" max:"1MiB" group:"delivery" help:"Longest frame that a client may send."`
	Heartbeat        time.Duration `name:"heartbeat" default:"25s" min:"1s" max:"5m" group:"delivery" help:"How often connections are checked and told their position."`

	ConfigFile string `name:"config-file" default:"" placeholder:"FILE" file:"no" group:"server" help:"The configuration file. Empty: chatd.yaml, where there is one."`
}

// groups are the settings' headings, in the order of the help.
var groups = [][2]string{
	{"server", "Server and storage"},
	{"access", "Sign-in and access"},
	{"rooms", "Rooms"},
	{"limits", "Rate limits (N/duration, or off)"},
	{"delivery", "Delivery"},
}
