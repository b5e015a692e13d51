package store

// What a row of reactions means (see the migration). Without a row nobody sees it.
const (
	reactionNone  = -1
	reactionAll   = 0
	reactionAlone = 1 // its user alone sees it
	reactionTaken = 2 // its user alone doesn't
)

// react sets or withdraws an emoji, for all to see or for its user alone.
func (a *applier) react(o *op) (result, error) {
	seen, alone, err := a.visible(o, o.ID, o.By)
	if err != nil || !seen {
		return result{Code: "message_not_found"}, err
	}
	was := int64(reactionNone)
	var known bool
	var kinds int64
	if _, err := a.scan(`SELECT coalesce((SELECT shadow FROM reactions WHERE message = $1 AND emoji = $2 AND user_id = $3), $4),
		EXISTS (SELECT 1 FROM reaction_totals WHERE message = $1 AND emoji = $2),
		(SELECT count(*) FROM reaction_totals WHERE message = $1) + (SELECT count(*) FROM reactions r
			WHERE r.message = $1 AND r.user_id = $3 AND r.shadow <> 0 AND r.shadow = 1 AND NOT EXISTS
			(SELECT 1 FROM reaction_totals t WHERE t.message = r.message AND t.emoji = r.emoji))`,
		[]any{o.ID, o.Emoji, o.By, int64(reactionNone)}, &was, &known, &kinds); err != nil {
		return result{}, err
	}
	now := reactionAfter(was, o.On, o.Shadow || alone)
	switch {
	case now == was:
		return result{}, nil
	case o.On && !known && o.Max > 0 && kinds >= int64(o.Max):
		return result{Code: "too_many_reactions"}, nil
	}
	if err := a.setReaction(o, was, now); err != nil {
		return result{}, err
	}
	if counted(now) == counted(was) {
		return a.reacted(o, o.By)
	}
	return a.reacted(o, "")
}

// counted reports whether everybody sees the reaction.
func counted(state int64) bool { return state == reactionAll || state == reactionTaken }

// reactionAfter is what becomes of a reaction: under a shadow only its user sees a difference.
func reactionAfter(was int64, on, shadow bool) int64 {
	switch {
	case on && shadow && counted(was), on && !shadow:
		return reactionAll
	case on:
		return reactionAlone
	case shadow && counted(was):
		return reactionTaken
	}
	return reactionNone
}

func (a *applier) setReaction(o *op, was, now int64) error {
	key := []any{o.ID, o.Emoji, o.By}
	err := a.exec(`DELETE FROM reactions WHERE message = $1 AND emoji = $2 AND user_id = $3`, key...)
	if err == nil && now != reactionNone {
		err = a.exec(`INSERT INTO reactions (message, emoji, user_id, shadow) VALUES ($1, $2, $3, $4)`, append(key, now)...)
	}
	if err != nil || counted(was) == counted(now) {
		return err
	}
	if counted(now) {
		return a.exec(`INSERT INTO reaction_totals (message, emoji, total, place)
			SELECT $1, $2, 1, coalesce(max(place), 0) + 1 FROM reaction_totals WHERE message = $1
			ON CONFLICT (message, emoji) DO UPDATE SET total = reaction_totals.total + 1`, o.ID, o.Emoji)
	}
	if err := a.exec(`UPDATE reaction_totals SET total = total - 1 WHERE message = $1 AND emoji = $2`, o.ID, o.Emoji); err != nil {
		return err
	}
	return a.exec(`DELETE FROM reaction_totals WHERE message = $1 AND emoji = $2 AND total = 0`, o.ID, o.Emoji)
}

// reacted numbers a change of what a message's totals are to all, or to one user; once in a batch.
func (a *applier) reacted(o *op, only string) (result, error) {
	r := result{Only: only}
	found, err := a.scan(`SELECT seq, pos FROM events WHERE pos > $1 AND kind = 'reaction' AND message = $2 AND only_id = $3`,
		[]any{a.first, o.ID, only}, &r.Seq, &r.Pos)
	if err != nil || found {
		r.Again = true
		return r, err
	}
	return a.number(o, "reaction", o.ID, "", only)
}
