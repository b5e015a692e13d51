import { useState } from "preact/hooks";
import type { Message, User } from "../sdk";
import { plainText } from "./body";
import { Buttons, Dialog } from "./dialog";
import { t } from "./i18n";
import { deleteMessage, type Effect, sanction, sanctionSpans, spanName, usualSpan } from "./moderation";
import type { Anchor } from "./overlay";
import { Avatar, Badge, Name } from "./person";
import type { Store } from "./store";

export function Delete({ store, message, tapped, close }: { store: Store; message: Message; tapped: Anchor; close(): void }) {
  const submit = (event: Event) => {
    event.preventDefault();
    close();
    deleteMessage(store, message);
  };
  return (
    <Dialog title={t("delete_title")} tapped={tapped} close={close}>
      <form onSubmit={submit}>
        <Subject user={message.from} message={message} />
        <p>{t("delete_text")}</p>
        <Buttons close={close} label={t("delete")} danger careful />
      </form>
    </Dialog>
  );
}

interface SanctionProps {
  store: Store;
  effect: Effect;
  user: User;
  /** From whose menu it came. */
  message?: Message;
  tapped: Anchor;
  close(): void;
}

export function Sanction({ store, effect, user, message, tapped, close }: SanctionProps) {
  const [seconds, setSeconds] = useState(usualSpan[effect]);
  const [reason, setReason] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    close();
    sanction(store, user, effect, seconds, reason.trim());
  };
  return (
    <Dialog title={t(`${effect}_title`, { name: user.name })} tapped={tapped} close={close}>
      <form onSubmit={submit}>
        <Subject user={user} message={message} />
        <p>{t(`${effect}_text`)}</p>
        <fieldset class="choices">
          <legend>{t("for_how_long")}</legend>
          {sanctionSpans.map((s) => (
            <label key={s}>
              <input type="radio" name="seconds" checked={s === seconds} autofocus={s === usualSpan[effect]} onChange={() => setSeconds(s)} />
              <span>{spanName(s)}</span>
            </label>
          ))}
        </fieldset>
        <label class="labelled">{t("reason_shown")}
          <input value={reason} maxLength={300} dir="auto" onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <Buttons close={close} label={t(`${effect}_do`)} danger />
      </form>
    </Dialog>
  );
}

/** Whom it hits, and what they said. */
function Subject({ user, message }: { user: User; message?: Message }) {
  return (
    <div class="subject">
      <div class="subject-who"><Avatar user={user} /><Name user={user} /><Badge role={user.role} /></div>
      {message && <blockquote dir="auto" tabIndex={0}>{plainText(message)}</blockquote>}
    </div>
  );
}
