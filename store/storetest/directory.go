package storetest

import (
	"bytes"
	"errors"
	"sync"
	"testing"
)

// directoryTests are the groups about what isn't in a log.
var directoryTests = map[string]func(*testing.T, Backend){
	"staff":              testStaff,
	"second factors":     testFactors,
	"staff sessions":     testStaffSessions,
	"staff acts":         testStaffActs,
	"last owner":         testLastOwner,
	"invites":            testInvites,
	"keys":               testKeys,
	"users":              testUsers,
	"read markers":       testReadMarkers,
	"sightings":          testSightings,
	"sighted within":     testSightedWithin,
	"age of sightings":   testSightingsAge,
	"list of users":      testUserList,
	"notes":              testNotes,
	"revoked tokens":     testRevokedTokens,
	"standing sanctions": testStanding,
	"list of sanctions":  testSanctionList,
	"lock-downs":         testLockdowns,
	"list of rooms":      testRoomList,
	"found messages":     testFindMessages,
	"found far back":     testFindFarBack,
	"found in rooms":     testFindInManyRooms,
	"found meanwhile":    testFindMeanwhile,
	"found past":         testFindPast,
	"messages around":    testMessagesAround,
	"authors":            testAuthorsSince,
	"held messages":      testHeldList,
	"search words":       testSearchWords,
	"secrets":            testSecrets,
}

func testSecrets(t *testing.T, b Backend) {
	f := start(t, b)
	const callers = 8
	got := make([][]byte, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			var err error
			got[i], err = f.Secret(t.Context(), "key", func() ([]byte, error) { return []byte{0, byte(i), 255}, nil })
			if err != nil {
				t.Errorf("Secret: %v", err)
			}
		})
	}
	wg.Wait()
	f.restart()
	again, err := f.Secret(t.Context(), "key", func() ([]byte, error) { return nil, errors.New("called again") })
	if err != nil {
		t.Fatalf("Secret after a restart: %v", err)
	}
	for i := range got {
		if !bytes.Equal(got[i], again) {
			t.Errorf("caller %d got %v, want what all get, %v", i, got[i], again)
		}
	}
	failed := errors.New("no randomness")
	if _, err := f.Secret(t.Context(), "other", func() ([]byte, error) { return nil, failed }); !errors.Is(err, failed) {
		t.Errorf("a secret that can't be made: got %v, want %v", err, failed)
	}
}
