package chat_test

import (
	"testing"

	"github.com/chatd/chatd/chat"
)

// A room chooses among the policies that there are, and nothing else.
func TestRoomChoosesAPolicy(t *testing.T) {
	w := newWorld(t, chat.Limits{})
	_, err := w.Configure(t.Context(), chat.Order{By: staff}, chat.SetStep{Room: room, Patch: chat.SettingsPatch{Policy: new("nothing")}})
	if chat.CodeOf(err) != "setting_invalid" {
		t.Errorf("a policy that isn't there: got %v, want setting_invalid", err)
	}
	w.set(t, chat.SettingsPatch{Policy: new("p")})
	if _, err := w.Post(t.Context(), ann, room, chat.Draft{Text: "spam"}); chat.CodeOf(err) != "prohibited" {
		t.Errorf("under the chosen policy: got %v, want prohibited", err)
	}
	w.set(t, chat.SettingsPatch{Policy: new("")})
	w.mustPost(t, ann, "hello")
}
