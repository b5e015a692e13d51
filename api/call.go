package api

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"github.com/chatd/chatd/chat"
)

// operation is what the middleware asks of openapi.yaml.
type operation struct {
	id         string
	scope      chat.Scope // empty: whoever is known may
	public     bool       // nobody has to be known
	listed     bool       // it answers in pages
	repeatable bool       // it takes an Idempotency-Key
}

func newOperation(op *openapi3.Operation) operation {
	scope, _ := op.Extensions["x-scope"].(string)
	if scope == "none" {
		scope = ""
	}
	return operation{
		id: op.OperationID, scope: chat.Scope(scope),
		public:     op.Security != nil && len(*op.Security) == 0,
		listed:     op.Parameters.GetByInAndName(openapi3.ParameterInQuery, "cursor") != nil,
		repeatable: op.Parameters.GetByInAndName(openapi3.ParameterInHeader, "Idempotency-Key") != nil,
	}
}

// call is what is known of a request to the API. Each middleware adds its part before the handler runs.
type call struct {
	op      operation
	request *http.Request
	addr    netip.Addr
	secure  bool // the client speaks TLS
	caller  caller
	body    []byte   // as it was sent; nil: the operation has none
	filters string   // of a list, in one form
	after   string   // the key after which a list goes on; empty: at its start
	attempt *attempt // of a request that may be repeated; nil: it may not
	cursors cursors
}

type callKey struct{}

// callOf returns what is known of the request that a handler answers.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	if c == nil {
		return &call{}
	}
	return c
}

// callerOf returns who makes a request.
func callerOf(ctx context.Context) caller { return callOf(ctx).caller }

// receive begins a call.
func (s *server) receive(op operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			k := &call{op: op, addr: s.ClientAddr(r), secure: s.Secure(r), cursors: s.cursors}
			k.request = r.WithContext(context.WithValue(r.Context(), callKey{}, k))
			c.SetRequest(k.request)
			return next(c)
		}
	}
}
