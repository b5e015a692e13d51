package store

// react sets or withdraws an emoji.
func (a *applier) react(o op) (result, error) {
	if ok, err := a.visible(o, o.ID); err != nil || !ok {
		return result{Code: "message_not_found"}, err
	}
	var set, known bool
	var kinds int
	if _, err := a.scan(`SELECT EXISTS (SELECT 1 FROM reactions WHERE message = $1 AND emoji = $2 AND user_id = $3),
		EXISTS (SELECT 1 FROM reaction_totals WHERE message = $1 AND emoji = $2),
		(SELECT count(*) FROM reaction_totals WHERE message = $1)`,
		[]any{o.ID, o.Emoji, o.By}, &set, &known, &kinds); err != nil {
		return result{}, err
	}
	switch {
	case set == o.On:
		return result{}, nil
	case o.On && !known && o.Max > 0 && kinds >= o.Max:
		return result{Code: "too_many_reactions"}, nil
	}
	for _, q := range reactStatements[o.On] {
		if err := a.exec(q.query, []any{o.ID, o.Emoji, o.By}[:q.args]...); err != nil {
			return result{}, err
		}
	}
	return a.reacted(o)
}

// reactStatements set (true) or withdraw (false) a reaction and keep the totals. All
// take message, emoji and user, or the first of these.
var reactStatements = map[bool][]struct {
	query string
	args  int
}{
	true: {
		{`INSERT INTO reactions (message, emoji, user_id) VALUES ($1, $2, $3)`, 3},
		{`INSERT INTO reaction_totals (message, emoji, total, place)
			SELECT $1, $2, 1, coalesce(max(place), 0) + 1 FROM reaction_totals WHERE message = $1
			ON CONFLICT (message, emoji) DO UPDATE SET total = reaction_totals.total + 1`, 2},
	},
	false: {
		{`DELETE FROM reactions WHERE message = $1 AND emoji = $2 AND user_id = $3`, 3},
		{`UPDATE reaction_totals SET total = total - 1 WHERE message = $1 AND emoji = $2`, 2},
		{`DELETE FROM reaction_totals WHERE message = $1 AND emoji = $2 AND total = 0`, 2},
	},
}

// reacted numbers a change of a message's totals, once in a batch.
func (a *applier) reacted(o op) (result, error) {
	var r result
	found, err := a.scan(`SELECT seq, pos FROM events WHERE pos > $1 AND kind = 'reaction' AND message = $2`,
		[]any{a.first, o.ID}, &r.Seq, &r.Pos)
	if err != nil || found {
		r.Again = true
		return r, err
	}
	return a.number(o, "reaction", o.ID, "")
}
