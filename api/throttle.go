package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/chatd/chatd/chat"
)

// The log-ins that are checked where the configuration doesn't say. Each costs a look-up
// and a password hash.
var (
	defaultLogInsPerAddr    = chat.Rate{Limit: 20, Period: time.Minute}
	defaultLogInsPerAccount = chat.Rate{Limit: 10, Period: time.Minute}
)

const (
	// keysPerLogIn is how many more keys than passwords an address may try: they are long,
	// and many scripts may sit behind one address.
	keysPerLogIn = 10
	// everybodysLogIns is how many more passwords all addresses together may try on one
	// account than one address may.
	everybodysLogIns = 20
	// knownFor is how long an address is known from which an account's owner came in: from
	// one working day to the next.
	knownFor = 24 * time.Hour
)

// throttle bounds the credentials that are checked. It asks for nothing but what the
// request says, so that it comes before the look-up.
//
// One address can use up what it may try on an account, and no more: that shuts out nobody
// elsewhere. Many addresses together can use up what everybody may try on it; its
// owner still comes in from an address that is known.
type throttle struct {
	limiter             chat.Limiter
	perAddr, perAccount chat.Rate
	known               *proofs // accounts with the addresses that their owners came from
}

func newThrottle(c Config) *throttle {
	t := &throttle{limiter: c.Limiter, perAddr: c.LogInsPerAddr, perAccount: c.LogInsPerAccount, known: newProofs(c.Now, knownFor)}
	if t.perAddr.Limit == 0 {
		t.perAddr = defaultLogInsPerAddr
	}
	if t.perAccount.Limit == 0 {
		t.perAccount = defaultLogInsPerAccount
	}
	return t
}

// secret spends what an address may try of keys and sessions.
func (t *throttle) secret(ctx context.Context, addr string) error {
	return t.spend(ctx, "login:k:"+addr, times(keysPerLogIn, t.perAddr))
}

// password spends what an address may try of passwords, on this account and on all, and
// what everybody may try on the account. A known address is held by the first alone.
func (t *throttle) password(ctx context.Context, addr, name string) error {
	own := "login:p:" + addr + " " + name
	if t.known.has(t.known.of(addr, name)) {
		return t.spend(ctx, own, t.perAccount)
	}
	// The address first: what it may no longer try must cost others nothing.
	if err := t.spend(ctx, "login:a:"+addr, t.perAddr); err != nil {
		return err
	}
	if err := t.spend(ctx, own, t.perAccount); err != nil {
		return err
	}
	return t.spend(ctx, "login:n:"+name, times(everybodysLogIns, t.perAccount))
}

// The codes of an authenticator that may be tried in a row: after ten without a right one none is taken for the rest of the
// hour, after thirty for the rest of the day. Of a million codes three are right at a time, so that who has the password,
// and tries as often as that, has one chance in ten thousand a day.
var (
	codesAnHour = chat.Rate{Limit: 10, Period: time.Hour}
	codesADay   = chat.Rate{Limit: 30, Period: 24 * time.Hour}
)

// code spends what everybody may try of an account's one-time codes. Who tries any knows the password. lastStep is the last
// that was right: with each right one it starts anew. Recovery codes aren't counted: they are too long to be guessed, and
// let the owner in meanwhile.
func (t *throttle) code(ctx context.Context, name string, lastStep int64) error {
	key := "login:c:" + name + ":" + strconv.FormatInt(lastStep, 10)
	for _, r := range []chat.Rate{codesAnHour, codesADay} { // what an hour refuses isn't counted for the day
		wait, err := t.limiter.Take(ctx, key+":"+r.Period.String(), r)
		if err != nil {
			return fmt.Errorf("limit one-time codes: %w", err)
		}
		if wait > 0 {
			return chat.Refuse(chat.RateLimited, "too_many_codes", "Too many wrong codes: wait, or use a recovery code.").After(wait)
		}
	}
	return nil
}

// confirming spends what an account may try to turn its one-time codes on.
func (t *throttle) confirming(ctx context.Context, name string) error {
	return t.spend(ctx, "login:c:"+name, t.perAccount)
}

// joining spends what an address may try of invitations.
func (t *throttle) joining(ctx context.Context, addr string) error {
	return t.spend(ctx, "login:a:"+addr, t.perAddr)
}

// cameIn makes an address known for an account.
func (t *throttle) cameIn(addr, name string) { t.known.add(t.known.of(addr, name)) }

func times(n int64, r chat.Rate) chat.Rate { return chat.Rate{Limit: n * r.Limit, Period: r.Period} }

func (t *throttle) spend(ctx context.Context, key string, r chat.Rate) error {
	wait, err := t.limiter.Take(ctx, key, r)
	if err != nil {
		return fmt.Errorf("limit log-ins: %w", err)
	}
	if wait > 0 {
		return chat.Refuse(chat.RateLimited, "too_many_log_ins", "Too many log-ins; wait.").After(wait)
	}
	return nil
}
