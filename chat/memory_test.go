package chat

import (
	"fmt"
	"testing"
	"time"
)

func TestTheLockBookTakesNewsInAnyOrder(t *testing.T) {
	b := newLockBook()
	l := Lockdown{ID: "1", Room: "a", Level: LockReadOnly, Until: noon.Add(time.Hour)}
	all := Lockdown{ID: "2", Level: LockSlow, Until: noon.Add(time.Minute)}
	b.put(l, 2, true) // the end of it was heard first
	b.put(l, 1, false)
	if got := b.in("a", noon); len(got) != 0 {
		t.Errorf("in force: %+v, want none", got)
	}
	b.put(l, 3, false) // the lifting was undone
	b.put(all, 4, false)
	for room, want := range map[RoomID]int{"a": 2, "b": 1, "": 1} {
		if got := len(b.in(room, noon)); got != want {
			t.Errorf("%d in force in %q, want %d", got, room, want)
		}
	}
	b.prune(noon.Add(time.Minute))
	if got := len(b.in("a", noon)); got != 1 {
		t.Errorf("%d left after pruning, want 1", got)
	}
	b.prune(noon.Add(time.Hour))
	if len(b.byRoom) != 0 {
		t.Errorf("the book keeps %d rooms without lock-downs", len(b.byRoom))
	}
}

func TestWhichLockdownIsTold(t *testing.T) {
	s := &Service{locks: newLockBook(), Config: Config{Now: func() time.Time { return noon }}}
	for i, l := range []Lockdown{
		{Level: LockNoJoins}, {Level: LockSlow, Interval: time.Second}, {Level: LockSlow, Interval: time.Minute},
		{Level: LockKnown, Interval: time.Minute}, {Level: LockSignedIn}, {Level: LockReadOnly},
	} {
		l.ID, l.Room, l.Until = LockdownID(fmt.Sprint(i)), "a", noon.Add(time.Hour)
		s.locks.put(l, 1, false)
		if got, ok := s.LockdownOf("a"); !ok || got.ID != l.ID {
			t.Errorf("told of %s, want of the harsher %s", got.Level, l.Level)
		}
	}
}

func TestSightingsAreBounded(t *testing.T) {
	b := newSightings()
	for i := range maxSightings + 10 {
		b.note(Sighting{User: UserID(fmt.Sprint("g:", i)), First: noon, Last: noon})
	}
	b.note(Sighting{User: "g:0", First: noon.Add(time.Minute), Last: noon.Add(time.Minute)})
	first, ok := b.first(sightKey{user: "g:0"})
	if !ok || !first.Equal(noon) {
		t.Errorf("first seen at %s, want at noon", first)
	}
	all, lost := b.takeAll()
	if len(all) != maxSightings || lost != 10 {
		t.Errorf("%d wait and %d were left out, want %d and 10", len(all), lost, maxSightings)
	}
	if again, lost := b.takeAll(); len(again)+lost != 0 {
		t.Errorf("%d are handed out twice", len(again))
	}
}

func TestDeparturesFade(t *testing.T) {
	d := newDepartures()
	v := visit{"a", "u:x"}
	d.note(v, noon)
	for after, want := range map[time.Duration]bool{0: true, backWithin - 1: true, backWithin: false} {
		if got := d.recent(v, noon.Add(after)); got != want {
			t.Errorf("after %s: recent %t, want %t", after, got, want)
		}
	}
	if d.recent(visit{"b", "u:x"}, noon) {
		t.Error("who left one room comes back into another")
	}
	d.prune(noon.Add(backWithin))
	if len(d.at) != 0 {
		t.Errorf("%d departures are kept", len(d.at))
	}
}

// A room that was read before it was forgotten isn't remembered after.
func TestAForgottenRoomIsReadAgain(t *testing.T) {
	b := newRoomBook()
	asOf := b.asOf()
	b.forget("a", 1, true, noon)
	b.put(Room{ID: "a"}, asOf, noon)
	if _, ok := b.room("a", noon); ok {
		t.Error("what was read before the room was removed is remembered")
	}
	b.put(Room{ID: "a", Epoch: "e", Seq: 5}, b.asOf(), noon)
	b.change(Room{ID: "a", Epoch: "e", Seq: 4}, 2, noon)
	if r, _ := b.room("a", noon); r.Seq != 5 {
		t.Errorf("the room is at %d, want the later state", r.Seq)
	}
}

// A room that is being read while an act changes it is remembered as the act left it, or not at all; word of the act that
// comes again changes nothing.
func TestARoomReadBeforeItChangedIsReadAgain(t *testing.T) {
	b := newRoomBook()
	asOf := b.asOf()
	b.change(Room{ID: "a", Epoch: "e", Seq: 5}, 7, noon)
	b.put(Room{ID: "a", Epoch: "e", Seq: 4}, asOf, noon)
	if r, ok := b.room("a", noon); ok {
		t.Errorf("the room is remembered at %d, from before it was changed", r.Seq)
	}
	if _, e := b.still(Room{ID: "a", Epoch: "e", Seq: 4}, asOf); CodeOf(e) != "busy" {
		t.Errorf("who was admitted before the change hears %v, want busy", e)
	}
	asOf = b.asOf()
	b.change(Room{ID: "a", Epoch: "e", Seq: 5}, 7, noon)
	b.put(Room{ID: "a", Epoch: "e", Seq: 5}, asOf, noon)
	if r, ok := b.room("a", noon); !ok || r.Seq != 5 {
		t.Errorf("what was read after the change isn't remembered")
	}
	b.prune(noon.Add(1))
	if len(b.rooms)+len(b.losses) != 0 {
		t.Errorf("%d rooms and %d losses are kept", len(b.rooms), len(b.losses))
	}
}

// A name that a user takes while somebody asks for it is not remembered as free.
func TestANameIsFreeUntilItIsTaken(t *testing.T) {
	b := newFreeNames()
	free := func(at time.Time) bool {
		yes, _ := b.free("ann", at)
		return yes
	}
	_, asOf := b.free("ann", noon)
	b.take("ann")
	b.note("ann", asOf, noon)
	if free(noon) {
		t.Error("it is free although it was taken since it was asked for")
	}
	_, asOf = b.free("ann", noon)
	b.note("ann", asOf, noon)
	if !free(noon) || free(noon.Add(freeFor)) {
		t.Errorf("free at first %t, %s later %t; want true and false", free(noon), freeFor, free(noon.Add(freeFor)))
	}
	b.take("ann")
	if free(noon) {
		t.Error("it is free although it was taken")
	}
	_, asOf = b.free("ann", noon)
	for i := range maxFree + 10 {
		b.note(fmt.Sprint(i), asOf, noon)
	}
	if n := len(b.until); n != maxFree {
		t.Errorf("%d names are remembered, want %d", n, maxFree)
	}
	b.prune(noon.Add(freeFor))
	if n := len(b.until); n != 0 {
		t.Errorf("%d names are remembered for good", n)
	}
}
