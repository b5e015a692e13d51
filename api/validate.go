package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 64 << 10

// contract is openapi.yaml, by operation.
type contract struct {
	doc    *openapi3.T
	routes map[string]*routers.Route // by method and Echo's path
}

func readContract(spec []byte) (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(spec)
	if err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	c := &contract{doc: doc, routes: make(map[string]*routers.Route)}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			c.routes[method+" "+echoPath(path)] = &routers.Route{
				Spec: doc, Server: doc.Servers[0], Path: path, PathItem: item, Method: method, Operation: op,
			}
		}
	}
	return c, nil
}

// each gives every operation its middleware.
func (k *contract) each(of func(operation) []echo.MiddlewareFunc) map[string][]echo.MiddlewareFunc {
	all := make(map[string][]echo.MiddlewareFunc, len(k.routes))
	for _, r := range k.routes {
		all[r.Operation.OperationID] = of(newOperation(r.Operation))
	}
	return all
}

// echoPath writes a path of the contract as Echo does: /rooms/{room} is /rooms/:room.
func echoPath(path string) string {
	return apiBase + strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// validate holds requests to the contract before a handler sees them.
func (k *contract) validate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		route, ok := k.routes[c.Request().Method+" "+c.Path()]
		if !ok {
			return fmt.Errorf("%s %s is not in openapi.yaml", c.Request().Method, c.Path())
		}
		if err := checkQuery(c.Request(), route); err != nil {
			return err
		}
		if err := checkBody(c.Response(), c.Request(), route); err != nil {
			return err
		}
		params, err := pathParams(c)
		if err != nil {
			return err
		}
		err = openapi3filter.ValidateRequest(c.Request().Context(), &openapi3filter.RequestValidationInput{
			Request: c.Request(), PathParams: params, Route: route, Options: &openapi3filter.Options{
				MultiError:          true,
				SkipSettingDefaults: true,
				KeepValidatedValue:  true, // what was validated is what the handler gets
				AuthenticationFunc:  openapi3filter.NoopAuthenticationFunc,
			},
		})
		if err != nil {
			return invalid(fieldErrors(err))
		}
		return next(c)
	}
}

func invalid(fields []FieldError) error {
	return &refusal{
		status: http.StatusUnprocessableEntity, code: "request_invalid",
		detail: "The request has fields that can't be accepted.", fields: fields,
	}
}

// pathParams are the parameters in a path as handlers get them: decoded. Echo matches, and hands out, the escaped form
// where the client wrote the path otherwise than Go would.
func pathParams(c echo.Context) (map[string]string, error) {
	params := make(map[string]string, len(c.ParamNames()))
	for i, name := range c.ParamNames() {
		value := c.ParamValues()[i]
		if c.Request().URL.RawPath != "" {
			var err error
			if value, err = url.PathUnescape(value); err != nil {
				return nil, invalid([]FieldError{{Field: name, Message: "This is not percent-encoded."}})
			}
		}
		params[name] = value
	}
	return params, nil
}

// checkQuery refuses a query that can't be read, and parameters that the operation doesn't have: neither a misspelt
// filter nor a broken one may widen what a request does.
func checkQuery(r *http.Request, route *routers.Route) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil { // Go drops in silence what it can't read
		return invalid([]FieldError{{Field: "", Message: "The query is not percent-encoded, or has a semicolon in it."}})
	}
	var wrong []FieldError
	for name, values := range query {
		p := route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name)
		switch {
		case p == nil:
			wrong = append(wrong, FieldError{Field: name, Message: "There is no such parameter."})
		case len(values) > 1:
			wrong = append(wrong, FieldError{Field: name, Message: "Give it once."})
		case p.Schema.Value.Type.Is("boolean") && values[0] != "true" && values[0] != "false":
			// The validator takes more (1, T, TRUE), and so would take for a dry run what isn't.
			wrong = append(wrong, FieldError{Field: name, Message: "Give true or false."})
		}
	}
	if wrong != nil {
		return invalid(wrong)
	}
	return nil
}

// checkBody reads the body within its bound, and makes sure that it is JSON and nothing else.
func checkBody(w http.ResponseWriter, r *http.Request, route *routers.Route) error {
	if route.Operation.RequestBody == nil {
		r.Body = http.NoBody
		return nil
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return &refusal{
			status: http.StatusUnsupportedMediaType, code: "not_json",
			detail: "Send the body with Content-Type: application/json.",
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &refusal{
			status: http.StatusRequestEntityTooLarge, code: "body_too_large",
			detail: fmt.Sprintf("A body has at most %d bytes.", maxBody),
		}
	}
	if err != nil || !json.Valid(body) {
		return &refusal{status: http.StatusBadRequest, code: "body_malformed", detail: "The body is not JSON."}
	}
	callOf(r.Context()).body = body
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// fieldErrors names what is wrong, field by field.
func fieldErrors(err error) []FieldError {
	var many openapi3.MultiError
	if !errors.As(err, &many) {
		return []FieldError{fieldError(err)}
	}
	var fields []FieldError
	for _, e := range many {
		var r *openapi3filter.RequestError
		var inBody openapi3.MultiError
		if errors.As(e, &r) && r.RequestBody != nil && errors.As(r.Err, &inBody) {
			fields = append(fields, fieldErrors(inBody)...)
			continue
		}
		fields = append(fields, fieldError(e))
	}
	return fields
}

func fieldError(err error) FieldError {
	var f FieldError
	if r := (*openapi3filter.RequestError)(nil); errors.As(err, &r) {
		f.Message = r.Reason
		if r.Parameter != nil {
			f.Field = r.Parameter.Name
		}
	}
	if s := (*openapi3.SchemaError)(nil); errors.As(err, &s) {
		f.Message = s.Reason
		if f.Field == "" {
			f.Field = "/" + strings.Join(s.JSONPointer(), "/")
		}
	}
	if f.Message == "" {
		f.Message = "This can't be accepted."
	}
	return f
}
