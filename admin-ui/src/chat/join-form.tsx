import { useEffect, useState } from "preact/hooks";
import { errors } from "./i18n/en";
import { t, tell } from "./i18n";
import { Icon } from "./icons";
import { roomName } from "./params";
import { kept, readJSON } from "./storage";

const recentRooms = 5;

export function recent(): string[] {
  return readJSON<string[]>(kept.get("rooms"), []).filter((r) => roomName.test(r));
}

export function remember(room: string): void {
  kept.set("rooms", JSON.stringify([room, ...recent().filter((r) => r !== room)].slice(0, recentRooms)));
}

/** Where one starts without a room. */
export function JoinForm({ refused, join }: { refused: string | null; join(room: string): void }) {
  const [room, setRoom] = useState(refused ?? "");
  const [error, setError] = useState<keyof typeof errors | null>(refused ? "room_name_invalid" : null);
  const rooms = recent();
  useEffect(() => {
    document.title = `${t("join_title")} · chatd`;
  }, []);
  const submit = (event: Event) => {
    event.preventDefault();
    const name = room.trim().toLowerCase().replace(/\s+/g, "-");
    if (roomName.test(name)) join(name);
    else setError("room_name_invalid");
  };
  return (
    <main class="final">
      <div class="card">
        <span class="final-icon brand"><Icon name="chat" /></span>
        <h1>{t("join_title")}</h1>
        <p class="soft">{t("join_lead")}</p>
        <form class="join" onSubmit={submit}>
          <label class="labelled">{t("room")}
            <input
              value={room} dir="auto" autocapitalize="none" autocorrect="off" spellcheck={false} autocomplete="off" maxLength={80}
              placeholder={t("room_hint")} aria-invalid={error !== null} aria-describedby="join-error"
              onInput={(event) => { setRoom(event.currentTarget.value); setError(null); }}
            />
          </label>
          <p class="field-error" role="alert" id="join-error">{error && tell({ code: error })}</p>
          <button type="submit" class="button primary wide">{t("join")}</button>
        </form>
        {rooms.length > 0 && (
          <section class="recent">
            <h2>{t("recent_rooms")}</h2>
            {rooms.map((r) => <button type="button" key={r} class="button" onClick={() => join(r)}>{r}</button>)}
          </section>
        )}
      </div>
    </main>
  );
}
