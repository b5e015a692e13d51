package arch

// layout is the project's: docs/design.md, "Layout and direction". A package that is
// not listed, nor below one that is, is refused: it needs a line here, and a word there.
var layout = rules{
	module: "github.com/chatd/chatd",
	groups: map[string]group{
		".": {comment: "only embeds the contracts"},

		"policies":    {},
		"config":      {},
		"client":      {tests: all},
		"chat/render": {},
		"chat":        {imports: of("policies", "chat/render"), tests: of("store", "broker")},

		"access": {imports: of("chat")},
		"broker": {imports: of("chat")},
		"store":  {imports: of("chat")},
		"ws":     {imports: of("chat", "access"), tests: of(".", "policies", "store", "broker", "client", "admin-ui")},
		"api":    {imports: of("chat", "access", ".", "admin-ui"), tests: of("policies", "store", "broker", "ws", "client")},

		"admin-ui":  {comment: "only embeds the built pages"},
		"cmd/chatd": {imports: all, tests: all},

		"e2e":           {tests: of(".", "client", "store")},
		"bench":         {imports: all, tests: all},
		"scripts":       {},
		"internal/arch": {},
	},
	libraries: []library{
		{"github.com/labstack/", of("api", "cmd/chatd"), nil},
		{"github.com/oapi-codegen/", of("api", "client"), nil},
		{"github.com/gaissmai/bart", of("chat"), nil},
		{"github.com/getkin/kin-openapi", of("api"), of("cmd/chatd")},
		{"github.com/olahol/melody", of("ws"), nil},
		{"github.com/gorilla/websocket", of("ws"), of("cmd/chatd")},
		{"github.com/coder/websocket", of("client"), of("ws", "api", "cmd/chatd", "e2e", "bench")},
		{"github.com/redis/", of("broker"), of("cmd/chatd")},
		{"github.com/ulule/limiter", of("broker"), nil},
		{"database/sql", of("store"), of("cmd/chatd", "e2e")},
		{"modernc.org/", of("store"), nil},
		{"github.com/jackc/", of("store"), of("cmd/chatd", "e2e")},
		{"github.com/pressly/goose", of("store"), nil},
		{"github.com/microcosm-cc/bluemonday", of("chat/render"), nil},
		{"github.com/golang-jwt/", of("access"), of("ws", "api", "cmd/chatd", "e2e")},
		{"github.com/MicahParks/", of("access"), nil},
		{"github.com/alecthomas/kong", of("config", "cmd/chatd"), nil},
		{"net/http", of("access", "ws", "api", "client", "admin-ui", "cmd/chatd", "bench"), all},
	},
	// What a package promises not to touch, besides the above. Its tests may.
	pure: map[string][]string{
		"policies":    {"os", "net", "time", "log", "log/slog", "math/rand", "math/rand/v2"},
		"chat/render": {"os", "net", "time", "log", "log/slog"},
		"chat":        {"os", "net", "encoding/json"},
	},
}
