import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { User } from "../sdk";
import { plainText } from "./body";
import { useNow } from "./hooks";
import { number, span, t, tell } from "./i18n";
import { Icon } from "./icons";
import type { Line } from "./lines";
import { anchorOf } from "./overlay";
import { Avatar } from "./person";
import { noticeText, type Store } from "./store";

const counterFrom = 0.8;

export function Composer({ store }: { store: Store }) {
  const { rights } = store.room.state;
  const joined = store.room.state.epoch !== "";
  return (
    <div class="composer-area">
      <NoticeLine store={store} />
      <ActLines store={store} />
      <Typing store={store} />
      {joined && !rights.post ? <Closed store={store} /> : <Form store={store} />}
    </div>
  );
}

/** Why one can't write here. */
function Closed({ store }: { store: Store }) {
  const { refused } = store.room.state.rights;
  const until = refused?.until ? Date.parse(refused.until) - store.chatd.clockOffset : 0;
  const now = useNow(until);
  const wait = until > now ? until - now : 0;
  const soon = wait > 0 && wait < 3_600_000;
  return (
    <div class="no-composer" role="note">
      <Icon name="lock" />
      <span>
        {tell({
          code: refused?.code ?? "room_read_only",
          message: store.sanctionReason ? `You are muted: ${store.sanctionReason}` : refused?.message,
          retryAfterMs: soon ? wait : undefined,
          until: soon || !refused?.until ? undefined : refused.until,
        })}
      </span>
    </div>
  );
}

function NoticeLine({ store }: { store: Store }) {
  const { notice } = store;
  const until = notice?.refusal?.until?.getTime() ?? 0;
  const now = useNow(until);
  // The region stands before its words do, or they would not be read; the countdown is for eyes only.
  return (
    <div class="notice-slot">
      <div role="status" class="sr-only">{notice && noticeText(notice, notice.refusal?.at ?? 0)}</div>
      {notice && (
        <div class={`notice ${notice.kind}`}>
          <Icon name={notice.kind === "error" ? "alert" : "check"} />
          <span aria-hidden="true">{noticeText(notice, now)}</span>
          <button type="button" class="icon-button small" aria-label={t("close")} onClick={() => store.tell(null)}><Icon name="close" /></button>
        </div>
      )}
    </div>
  );
}

/** Below the messages, not over them: one goes on reading, and acting, while they stand. */
function ActLines({ store }: { store: Store }) {
  const { lines } = store;
  const last = lines.list.at(-1);
  return (
    <div class="lines">
      <div role="status" class="sr-only">{last && lineText(last)}</div>
      {lines.list.map((line, i) => (
        <div class={`notice ${line.kind === "staff" ? "staff" : "info"}`} key={`${i} ${line.text}`}>
          <Icon name={line.kind === "staff" ? "chat" : "check"} />
          <span class="line-text" dir="auto">{lineText(line)}</span>
          {line.undo && <button type="button" class="link undo" onClick={line.undo}>{t("undo")}</button>}
          <button type="button" class="icon-button small" aria-label={t("close")} onClick={() => lines.remove(line)}><Icon name="close" /></button>
        </div>
      ))}
    </div>
  );
}

function lineText(line: Line): string {
  return line.kind === "staff" ? t("from_staff", { text: line.text }) : line.text;
}

function Typing({ store }: { store: Store }) {
  const users = store.room.typing.filter((u) => !store.ignored.has(u.id));
  const [a, b] = users;
  const text = !a ? "" : !b ? t("typing_one", { a: a.name }) : users.length === 2
    ? t("typing_two", { a: a.name, b: b.name }) : t("typing_many");
  return (
    <div class={`typing ${text ? "on" : ""}`} dir="auto">
      {text && <span class="dots" aria-hidden="true"><i /><i /><i /></span>}
      <bdi>{text}</bdi>
    </div>
  );
}

function Form({ store }: { store: Store }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const asked = useRef(store.focusComposer);
  const now = useNow(store.cooldown);
  const { settings } = store.room.state;
  const [caret, setCaret] = useState(0);
  const people = useMentions(store, caret);
  const length = Array.from(store.draft.trim()).length;
  const left = settings.max_length - length;
  const wait = store.editing ? 0 : Math.ceil(Math.max(0, store.cooldown - now) / 1000);
  const maySend = length > 0 && left >= 0 && wait === 0;

  useLayoutEffect(() => {
    const el = area.current!;
    el.style.height = "auto";
    el.style.height = `${el.scrollHeight}px`;
  }, [store.draft]);

  useEffect(() => {
    if (asked.current === store.focusComposer) return;
    asked.current = store.focusComposer;
    area.current!.focus();
    area.current!.setSelectionRange(store.draft.length, store.draft.length);
  }, [store.focusComposer]);

  const send = () => {
    store.send();
    area.current?.focus();
  };
  const choose = (user: User) => {
    const { start, end } = people.range;
    const text = `${store.draft.slice(0, start)}@${user.name} ${store.draft.slice(end)}`;
    store.setDraft(text);
    const at = start + user.name.length + 2;
    setCaret(-1);
    requestAnimationFrame(() => area.current?.setSelectionRange(at, at));
  };
  const key = (event: KeyboardEvent) => {
    if (event.isComposing) return; // Enter that ends an input method's word
    if (people.key(event, choose, () => setCaret(-1))) return event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      if (store.editing) store.stopEditing();
      else if (store.replyTo) store.stopReply();
    } else if (event.key === "ArrowUp" && store.draft === "" && !store.editing && store.editLast()) {
      event.preventDefault();
    }
  };

  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      {people.found.length > 0 && <Mentions people={people.found} selected={people.selected} choose={choose} />}
      <Context store={store} />
      <div class="field">
        <textarea
          ref={area} rows={1} dir="auto" value={store.draft} enterkeyhint="send" autocomplete="off"
          aria-label={store.editing ? t("editing") : t("write_to", { room: store.title })}
          placeholder={store.editing ? t("editing") : t("write_to", { room: store.title })}
          aria-describedby="composer-hint"
          aria-autocomplete="list"
          aria-controls={people.found.length ? "mentions" : undefined}
          aria-activedescendant={people.found.length ? `mention-${people.selected}` : undefined}
          onInput={(event) => { store.setDraft(event.currentTarget.value); setCaret(event.currentTarget.selectionStart); }}
          onKeyDown={key}
          onBlur={() => setCaret(-1)}
        />
        <button
          type="button" class="icon-button" aria-label={t("emoji")} title={t("emoji")} aria-haspopup="menu"
          onClick={(event) => store.open({ kind: "emoji", anchor: anchorOf(event.currentTarget), pick: (e) => store.insert(e) })}
        >
          <Icon name="smile" />
        </button>
        <button type="submit" class="send" disabled={!maySend} aria-label={wait > 0 ? t("send_wait", { n: wait }) : t(store.editing ? "save" : "send")}>
          {wait > 0 ? <span class="wait">{wait < 1000 ? wait : span(wait * 1000)}</span> : <Icon name={store.editing ? "check" : "send"} />}
        </button>
      </div>
      <div class="under" id="composer-hint">
        {store.guest && <Identity store={store} />}
        <span class="sr-only">{t("enter_hint")}</span>
        {store.slow > 0 && <span class="slow"><Icon name="clock" />{t("slow_on", { wait: span(store.slow * 1000) })}</span>}
        {length > settings.max_length * counterFrom && (
          <span class={`counter ${left < 0 ? "over" : ""}`} aria-live="off">
            {left < 0 ? t("over", { n: number(-left) }) : t("left", { n: number(left) })}
          </span>
        )}
      </div>
    </form>
  );
}

function Identity({ store }: { store: Store }) {
  return (
    <span class="identity">
      {t("writing_as")} <bdi>{store.me?.name}</bdi>
      <button type="button" class="link" onClick={() => store.open({ kind: "name" })}>{t(store.named ? "change_name" : "choose_name")}</button>
    </span>
  );
}

/** What the next message answers, or which message is being edited. */
function Context({ store }: { store: Store }) {
  const m = store.editing ?? store.replyTo;
  if (!m) return null;
  return (
    <div class="context">
      <Icon name={store.editing ? "edit" : "reply"} />
      <span class="context-words">
        <strong>{store.editing ? t("editing") : t("replying_to", { name: m.from.name })}</strong>
        <span class="quote-text" dir="auto">{plainText(m)}</span>
      </span>
      <button type="button" class="icon-button small" aria-label={t("cancel")} onClick={() => (store.editing ? store.stopEditing() : store.stopReply())}>
        <Icon name="close" />
      </button>
    </div>
  );
}

function Mentions({ people, selected, choose }: { people: User[]; selected: number; choose(u: User): void }) {
  return (
    <ul class="mentions" id="mentions" role="listbox" aria-label={t("mentions")}>
      {people.map((u, i) => (
        <li
          key={u.id} id={`mention-${i}`} role="option" aria-selected={i === selected}
          onPointerDown={(event) => { event.preventDefault(); choose(u); }}
        >
          <Avatar user={u} /><bdi>{u.name}</bdi>
        </li>
      ))}
    </ul>
  );
}

/** The people whose names fit what stands between an @ and the caret. */
function useMentions(store: Store, caret: number) {
  const [selected, select] = useState(0);
  const word = caret < 0 ? null : /(?:^|\s)@([^\s@]{0,32})$/u.exec(store.draft.slice(0, caret));
  const typed = word?.[1]?.toLocaleLowerCase();
  useEffect(() => select(0), [typed]);
  const found = typed === undefined ? [] : candidates(store, typed);
  const at = Math.min(selected, Math.max(0, found.length - 1));
  const key = (event: KeyboardEvent, choose: (u: User) => void, close: () => void): boolean => {
    if (found.length === 0) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      select((at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length);
    } else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") choose(found[at]!);
    else if (event.key === "Escape") close();
    else return false;
    return true;
  };
  return { found, selected: at, key, range: { start: caret - (typed?.length ?? 0) - 1, end: caret } };
}

function candidates(store: Store, typed: string): User[] {
  const all = new Map<string, User>();
  const { messages, members } = store.room.state;
  for (const m of messages.slice(-100).reverse()) all.set(m.from.id, m.from);
  for (const m of members.values()) all.set(m.id, m);
  return [...all.values()]
    .filter((u) => u.id !== store.me?.id && !store.ignored.has(u.id) && u.name.toLocaleLowerCase().split(" ").some((p) => p.startsWith(typed)))
    .slice(0, 6);
}
