package config

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setting describes one field of Settings.
type setting struct {
	name   string // flag
	env    string
	key    string // in the file; empty: not to be set there
	group  string
	help   string
	def    string
	secret bool
	field  int
	tag    reflect.StructTag
}

// schema lists every setting in the order of the struct.
func schema() []setting {
	t := reflect.TypeFor[Settings]()
	list := make([]setting, t.NumField())
	for i := range list {
		f := t.Field(i)
		name := f.Tag.Get("name")
		list[i] = setting{
			name: name, env: "CHATD_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")), key: strings.ReplaceAll(name, "-", "_"),
			group: f.Tag.Get("group"), help: f.Tag.Get("help"), def: f.Tag.Get("default"),
			secret: f.Type == reflect.TypeFor[Secret](), field: i, tag: f.Tag,
		}
		if f.Tag.Get("file") == "no" {
			list[i].key = ""
		}
	}
	return list
}

// value returns the setting's field.
func (s setting) value(of *Settings) reflect.Value { return reflect.ValueOf(of).Elem().Field(s.field) }

// decode reads text into a field. Lists are appended to. The error says what is allowed.
func decode(target reflect.Value, tag reflect.StructTag, text string) error {
	var err error
	switch v := target.Addr().Interface().(type) {
	case *string:
		*v, err = text, check(tag, text)
	case *Secret:
		*v, err = Secret(text), check(tag, text)
	case *SecretURL:
		*v, err = SecretURL(text), check(tag, text)
	case *[]string:
		err = decodeList(v, tag, text)
	case *[]netip.Prefix:
		err = decodePrefixes(v, text)
	case *int:
		*v, err = decodeInt(tag, text)
	case *time.Duration:
		*v, err = decodeDuration(tag, text)
	case *Size:
		*v, err = decodeSize(tag, text)
	case *Rate:
		*v, err = ParseRate(text)
	case *Window:
		*v, err = decodeWindow(tag, text)
	default:
		err = fmt.Errorf("no way to read a %s", target.Type())
	}
	return err
}

// encode writes a field as decode reads it, secrets hidden.
func encode(target reflect.Value) string {
	switch v := target.Interface().(type) {
	case []string:
		return strings.Join(v, ",")
	case []netip.Prefix:
		texts := make([]string, len(v))
		for i, p := range v {
			texts[i] = p.String()
		}
		return strings.Join(texts, ",")
	case time.Duration:
		return formatDuration(v)
	default:
		return fmt.Sprint(v)
	}
}

func check(tag reflect.StructTag, text string) error {
	is := tag.Get("is")
	if strings.Contains(is, "|") {
		if words := strings.Split(is, "|"); !slices.Contains(words, text) {
			return errors.New(strings.Join(words, ", "))
		}
		return nil
	}
	if f, ok := checks[is]; ok && (text != "" || is == "filled" || is == "addr") {
		return f(text)
	}
	return nil
}

// list splits at commas and drops what is empty.
func list(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func decodeList(to *[]string, tag reflect.StructTag, text string) error {
	for _, item := range list(text) {
		if err := check(tag, item); err != nil {
			return err
		}
		*to = append(*to, item)
	}
	return nil
}

func decodePrefixes(to *[]netip.Prefix, text string) error {
	for _, item := range list(text) {
		p, err := netip.ParsePrefix(item)
		if err != nil {
			a, errAddr := netip.ParseAddr(item)
			if errAddr != nil || a.Zone() != "" {
				return errors.New("addresses and networks such as 10.0.0.0/8 or 2001:db8::1, separated by commas")
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		*to = append(*to, p.Masked())
	}
	return nil
}

func decodeInt(tag reflect.StructTag, text string) (int, error) {
	lo, _ := strconv.Atoi(tag.Get("min"))
	hi, _ := strconv.Atoi(tag.Get("max"))
	n, err := strconv.Atoi(text)
	if err != nil || n < lo || n > hi {
		return 0, fmt.Errorf("a whole number from %d to %d", lo, hi)
	}
	return n, nil
}

func decodeDuration(tag reflect.StructTag, text string) (time.Duration, error) {
	lo, _ := time.ParseDuration(tag.Get("min"))
	hi, _ := time.ParseDuration(tag.Get("max"))
	d, err := time.ParseDuration(text)
	if err != nil || d < lo || d > hi {
		return 0, fmt.Errorf("a duration from %s to %s", formatDuration(lo), formatDuration(hi))
	}
	return d, nil
}

func decodeSize(tag reflect.StructTag, text string) (Size, error) {
	lo, _ := ParseSize(tag.Get("min"))
	hi, _ := ParseSize(tag.Get("max"))
	n, err := ParseSize(text)
	if err != nil || n < lo || n > hi {
		return 0, fmt.Errorf("a size from %s to %s, such as 64KiB", lo, hi)
	}
	return n, nil
}

func decodeWindow(tag reflect.StructTag, text string) (Window, error) {
	w, err := ParseWindow(text)
	if err != nil || w.For == 0 {
		return w, err
	}
	d, err := decodeDuration(tag, text)
	if err != nil {
		return Window{}, fmt.Errorf("%w; forever; or off", err)
	}
	return Window{For: d}, nil
}
