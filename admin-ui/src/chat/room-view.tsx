import { useEffect, useRef, useState } from "preact/hooks";
import type { User } from "../sdk";
import { plainText } from "./body";
import { Composer } from "./composer";
import { Final } from "./final";
import { useNow, useStore } from "./hooks";
import { number, span, t, tn } from "./i18n";
import { Icon } from "./icons";
import { LockedDown } from "./locked-down";
import { Log } from "./log";
import { userMenu } from "./menus";
import { anchorOf } from "./overlay";
import { Overlays } from "./overlays";
import { Avatar, Badge, Name } from "./person";
import type { Store } from "./store";

let version = 0;

export function RoomView({ store, embedded, leave }: { store: Store; embedded: boolean; leave(): void }) {
  useStore(store);
  const { status } = store.chatd;
  const refusal = status.state === "stopped" ? status.refusal : store.room.refusal;
  useTitle(store, refusal !== null);
  if (refusal) return <Final store={store} refusal={refusal} embedded={embedded} leave={leave} />;
  const started = store.room.state.epoch !== "";
  return (
    <div class={`room ${embedded ? "embedded" : ""} ${store.membersOpen ? "with-members" : ""}`}>
      <Header store={store} embedded={embedded} leave={leave} />
      <Trouble store={store} />
      <main class="conversation">
        <LockedDown store={store} />
        <Pins store={store} />
        {started ? <Log store={store} version={++version} /> : <Skeleton />}
        <Composer store={store} />
        <div class="sr-only" role="status" aria-live="polite">{store.announcer.text}</div>
      </main>
      {store.membersOpen && (
        <>
          <div class="members-veil" onClick={() => { store.membersOpen = false; store.changed(); }} />
          <Members store={store} />
        </>
      )}
      <Overlays store={store} />
    </div>
  );
}

function useTitle(store: Store, ended: boolean): void {
  const text = `${store.unread > 0 && !ended ? `(${store.unread}) ` : ""}${store.title} · chatd`;
  useEffect(() => {
    document.title = text;
  }, [text]);
}

function Header({ store, embedded, leave }: { store: Store; embedded: boolean; leave(): void }) {
  const { settings, count, rights } = store.room.state;
  return (
    <header class="top">
      {!embedded && (
        <button type="button" class="icon-button" aria-label={t("other_room")} title={t("other_room")} onClick={leave}><Icon name="door" /></button>
      )}
      <div class="top-words">
        <h1 dir="auto">{store.title}</h1>
        {settings.topic && <p class="topic" dir="auto" title={settings.topic}>{settings.topic}</p>}
      </div>
      {rights.moderate && (
        <button type="button" class="icon-button" aria-label={t("room_settings")} title={t("room_settings")} aria-haspopup="dialog" onClick={() => store.open({ kind: "settings" })}>
          <Icon name="gear" />
        </button>
      )}
      <button
        type="button" class="people-button" aria-label={t("show_members", { n: number(count) })} title={tn("members_n", count)}
        aria-expanded={store.membersOpen} onClick={() => { store.membersOpen = !store.membersOpen; store.changed(); }}
      >
        <Icon name="people" /> <span>{number(count)}</span>
      </button>
    </header>
  );
}

/** Said only once the connection has been away for a while: short cuts are nobody's business. */
function Trouble({ store }: { store: Store }) {
  const { status } = store.chatd;
  const at = status.state === "waiting" ? status.at : 0;
  const now = useNow(at);
  const seconds = Math.ceil((at - now) / 1000);
  return (
    <div class="trouble-slot">
      <div class="sr-only" role="status">{store.trouble && t("reconnecting")}</div>
      {store.trouble && (
        <div class="trouble">
          <span class="spinner" aria-hidden="true" />
          <span aria-hidden="true">{seconds > 3 ? t("reconnecting_in", { wait: span(at - now) }) : t("reconnecting")}</span>
          {seconds > 3 && <button type="button" class="link" onClick={() => store.chatd.check()}>{t("try_now")}</button>}
        </div>
      )}
    </div>
  );
}

function Skeleton() {
  return (
    <div class="log-frame skeleton" aria-busy="true">
      <span class="sr-only">{t("loading")}</span>
      {[0, 1, 2, 3, 4].map((i) => <div key={i} class={`ghost g${i}`} aria-hidden="true"><i /><b /></div>)}
    </div>
  );
}

function Pins({ store }: { store: Store }) {
  const { pins } = store.room.state;
  const [at, setAt] = useState(0);
  const pin = pins[at % Math.max(1, pins.length)];
  if (!pin) return null;
  const jump = () => {
    void store.jump(pin.id);
    setAt((at + 1) % pins.length);
  };
  return (
    <button type="button" class="pins" onClick={jump} aria-label={t("pinned_by", { name: pin.from.name, text: plainText(pin) })}>
      <Icon name="pin" />
      <span class="pin-words"><bdi class="pin-name">{pin.from.name}</bdi><span class="quote-text" dir="auto">{plainText(pin)}</span></span>
      {pins.length > 1 && <span class="pin-count">{(at % pins.length) + 1}/{pins.length}</span>}
    </button>
  );
}

function Members({ store }: { store: Store }) {
  const { members, count } = store.room.state;
  const panel = useRef<HTMLElement>(null);
  const [all, setAll] = useState<User[] | null>(null);
  const close = () => {
    store.membersOpen = false;
    store.changed();
  };
  useEffect(() => {
    if (window.matchMedia("(max-width: 900px)").matches) panel.current!.querySelector("button")?.focus();
  }, []);
  useEffect(() => {
    if (count <= members.size) return setAll(null);
    let wanted = true;
    store.room.members().then((page) => wanted && setAll(page.members), () => {});
    return () => {
      wanted = false;
    };
  }, [count > members.size]);
  const shown = (all ?? [...members.values()]).sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  const ignored = [...store.ignored].filter(([id]) => !shown.some((u) => u.id === id));
  const item = (user: User) => (
    <li key={user.id}>
      <button type="button" class={`member ${store.ignored.has(user.id) ? "ignored" : ""}`} aria-haspopup="menu" onClick={(event) => store.open(userMenu(store, user, anchorOf(event.currentTarget)))}>
        <Avatar user={user} />
        <Name user={user} />
        {user.id === store.me?.id && <span class="you">{t("you")}</span>}
        <Badge role={user.role} />
      </button>
    </li>
  );
  return (
    <aside class="members" ref={panel} aria-label={t("members")} onKeyDown={(event) => event.key === "Escape" && !store.overlay && close()}>
      <div class="members-head">
        <h2>{t("members")} <span class="soft">{number(count)}</span></h2>
        <button type="button" class="icon-button small" aria-label={t("close")} onClick={close}><Icon name="close" /></button>
      </div>
      <ul>{shown.map(item)}</ul>
      {count > shown.length && <p class="soft pad">{t("members_more", { n: number(count - shown.length) })}</p>}
      {ignored.length > 0 && (
        <>
          <h3>{t("ignored")}</h3>
          <ul>{ignored.map(([id, name]) => item({ id, name, role: "guest" }))}</ul>
        </>
      )}
    </aside>
  );
}

function rank(u: User): number {
  return { staff: 0, moderator: 1, vip: 2, user: 3, guest: 4 }[u.role] ?? 5;
}
