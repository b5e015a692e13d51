import { useEffect, useRef } from "preact/hooks";
import type { Refusal } from "../sdk";
import { details, t, tell, type Word } from "./i18n";
import { Icon, type IconName } from "./icons";
import type { Store } from "./store";

interface Panel {
  title: Word;
  icon: IconName;
  hint?: Word;
  /** The title doesn't say all: the catalogue's sentence for the code follows. */
  more?: boolean;
  /** Whether trying again by hand makes sense. */
  again: boolean;
}

const panels: Record<string, Panel> = {
  banned: { title: "final_banned", icon: "ban", again: false },
  kicked: { title: "final_kicked", icon: "door", more: true, again: true },
  token_expired: { title: "final_expired", icon: "clock", hint: "sign_in", again: true },
  token_invalid: { title: "final_forbidden", more: true, icon: "lock", hint: "sign_in", again: true },
  token_not_yet_valid: { title: "final_forbidden", more: true, icon: "clock", hint: "sign_in", again: true },
  token_revoked: { title: "final_revoked", icon: "lock", hint: "sign_in", again: true },
  sign_in_off: { title: "final_forbidden", more: true, icon: "lock", again: false },
  name_taken: { title: "final_forbidden", more: true, icon: "people", again: false },
  room_closed: { title: "final_closed", icon: "lock", hint: "closed_hint", again: true },
  room_archived: { title: "final_archived", icon: "lock", hint: "archived_hint", again: true },
  room_locked: { title: "final_locked", icon: "lock", hint: "locked_hint", again: true },
  room_full: { title: "final_full", icon: "people", hint: "full_hint", again: true },
  sign_in_required: { title: "final_sign_in", more: true, icon: "lock", hint: "sign_in_first", again: true },
  access_denied: { title: "final_forbidden", more: true, icon: "lock", again: true },
  guests_forbidden: { title: "final_forbidden", more: true, icon: "lock", again: false },
  room_forbidden: { title: "final_forbidden", more: true, icon: "lock", again: false },
  room_unknown: { title: "final_forbidden", more: true, icon: "door", again: false },
  room_name_invalid: { title: "final_forbidden", more: true, icon: "door", again: false },
  too_many_rooms: { title: "final_forbidden", more: true, icon: "door", again: true },
};
const other: Panel = { title: "final_other", more: true, icon: "alert", again: true };

/** The end: says why, retries nothing by itself. */
export function Final({ store, refusal, embedded, leave }: { store: Store; refusal: Refusal; embedded: boolean; leave(): void }) {
  const { title, icon, hint, more, again } = panels[refusal.code] ?? other;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const reason = refusal.code === "banned" && !/:/.test(refusal.message) && store.sanctionReason;
  const told = { code: refusal.code, message: reason ? `You are banned: ${reason}` : refusal.message, until: refusal.until };
  const retry = () => {
    if (store.chatd.status.state === "stopped") store.chatd.retry();
    else store.room.rejoin();
  };
  return (
    <main class="final" data-code={refusal.code}>
      <div class="card">
        <span class="final-icon"><Icon name={icon} /></span>
        <h1 tabIndex={-1} ref={heading}>{t(title)}</h1>
        {(more ? [tell(told)] : details(told)).map((line) => <p key={line} dir="auto">{line}</p>)}
        {hint && <p class="soft">{t(hint)}</p>}
        <div class="final-buttons">
          {again && <button type="button" class="button primary" onClick={retry}>{t("try_again")}</button>}
          {!embedded && <button type="button" class="button" onClick={leave}>{t("other_room")}</button>}
        </div>
      </div>
    </main>
  );
}
