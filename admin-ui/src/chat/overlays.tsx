import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Refusal } from "../sdk";
import { Buttons, Dialog, useFocusBack } from "./dialog";
import { t, tell } from "./i18n";
import { Icon, type IconName } from "./icons";
import { changeSettings, slowModes, slowName } from "./moderation";
import { type Anchor, anchorOf, emojis, type MenuItem } from "./overlay";
import { Delete, Sanction } from "./sanction-dialog";
import type { Store } from "./store";

/** What lies over the page. */
export function Overlays({ store }: { store: Store }) {
  const o = store.overlay;
  const close = () => store.open(null);
  switch (o?.kind) {
    case "menu":
      return <Menu label={o.label} anchor={o.anchor} items={o.items} close={close} />;
    case "emoji":
      return <Emojis anchor={o.anchor} pick={o.pick} close={close} />;
    case "delete":
      return <Delete store={store} message={o.message} tapped={o.tapped} close={close} />;
    case "sanction":
      return <Sanction store={store} effect={o.effect} user={o.user} message={o.message} tapped={o.tapped} close={close} />;
    case "name":
      return <NameDialog store={store} close={close} />;
    case "settings":
      return <RoomSettings store={store} close={close} />;
    default:
      return null;
  }
}

interface PopoverProps {
  anchor: Anchor;
  label: string;
  class: string;
  columns: number;
  close(): void;
  children: ComponentChildren;
}

/** A menu beside its anchor; at the bottom edge on phones. Arrows move, Escape closes, the focus goes back. */
function Popover({ anchor, label, class: kind, columns, close, children }: PopoverProps) {
  const el = useRef<HTMLDivElement>(null);
  useFocusBack();
  useLayoutEffect(() => {
    const box = el.current!;
    const { width, height } = box.getBoundingClientRect();
    const [w, h] = [window.innerWidth, window.innerHeight];
    if (w >= 600) {
      const below = anchor.bottom + 6;
      const top = below + height < h - 8 ? below : Math.max(8, anchor.top - height - 6);
      box.style.top = `${Math.min(top, Math.max(8, h - height - 8))}px`;
      box.style.left = `${Math.max(8, Math.min(anchor.right - width, w - width - 8))}px`;
    }
    (box.querySelector("button") as HTMLElement | null)?.focus({ preventScroll: true });
  }, [anchor]);
  const key = (event: KeyboardEvent) => {
    const items = [...el.current!.querySelectorAll<HTMLElement>("button")];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: columns, ArrowUp: -columns, ArrowRight: 1, ArrowLeft: -1, Home: -at, End: items.length - 1 - at }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      return close();
    }
    if (step === undefined) return;
    event.preventDefault();
    const to = columns > 1 && (at + step < 0 || at + step >= items.length) ? at : (at + step + items.length) % items.length;
    items[to]?.focus();
  };
  return (
    <div class="veil" onPointerDown={(event) => event.target === event.currentTarget && close()}>
      <div class={`popover ${kind}`} ref={el} role="menu" aria-label={label} onKeyDown={key}>{children}</div>
    </div>
  );
}

function Menu({ label, anchor, items, close }: { label: string; anchor: Anchor; items: MenuItem[]; close(): void }) {
  return (
    <Popover anchor={anchor} label={label} class="menu" columns={1} close={close}>
      {items.map((item) => (
        <button
          type="button" role={item.checked === undefined ? "menuitem" : "menuitemradio"} aria-checked={item.checked}
          key={item.label} tabIndex={-1} class={item.danger ? "danger" : ""}
          onClick={(event) => {
            const tapped = anchorOf(event.currentTarget);
            close();
            item.run(tapped);
          }}
        >
          {item.icon && <Icon name={item.icon as IconName} />}<span>{item.label}</span>
          {item.checked && <Icon name="check" />}
        </button>
      ))}
    </Popover>
  );
}

function Emojis({ anchor, pick, close }: { anchor: Anchor; pick(emoji: string): void; close(): void }) {
  return (
    <Popover anchor={anchor} label={t("emoji")} class="emojis" columns={6} close={close}>
      {emojis.map((emoji) => (
        <button type="button" role="menuitem" key={emoji} tabIndex={-1} onClick={() => { close(); pick(emoji); }}>{emoji}</button>
      ))}
    </Popover>
  );
}

function NameDialog({ store, close }: { store: Store; close(): void }) {
  const [name, setName] = useState(store.named ? (store.me?.name ?? "") : "");
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const refused = await store.rename(name);
    setBusy(false);
    setRefusal(refused);
    if (!refused) {
      close();
      store.focusComposer++;
      store.changed();
    }
  };
  return (
    <Dialog title={t(store.named ? "change_name" : "choose_name")} close={close}>
      <form onSubmit={(event) => void submit(event)}>
        <label class="labelled">{t("name")}
          <input value={name} maxLength={64} dir="auto" autocomplete="nickname" placeholder={store.me?.name} onInput={(event) => setName(event.currentTarget.value)} aria-describedby="name-refusal" />
        </label>
        <p class="field-error" role="alert" id="name-refusal">{refusal && tell(refusal)}</p>
        <Buttons close={close} label={t("save")} busy={busy || name.trim() === ""} />
      </form>
    </Dialog>
  );
}

function RoomSettings({ store, close }: { store: Store; close(): void }) {
  const now = store.room.state.settings;
  const [s, setS] = useState({ title: now.title, topic: now.topic, slow_mode_seconds: now.slow_mode_seconds, read_only: now.read_only });
  const submit = (event: Event) => {
    event.preventDefault();
    const changed = Object.fromEntries(Object.entries(s).filter(([k, v]) => v !== now[k as keyof typeof s]));
    close();
    if (Object.keys(changed).length > 0) changeSettings(store, changed);
  };
  const modes = [...new Set([...slowModes, now.slow_mode_seconds])].sort((a, b) => a - b);
  return (
    <Dialog title={t("room_settings")} close={close}>
      <form onSubmit={submit}>
        <label class="labelled">{t("title")}
          <input value={s.title} maxLength={80} dir="auto" placeholder={store.name} onInput={(event) => setS({ ...s, title: event.currentTarget.value })} />
        </label>
        <label class="labelled">{t("topic")}
          <input value={s.topic} maxLength={500} dir="auto" onInput={(event) => setS({ ...s, topic: event.currentTarget.value })} />
        </label>
        <label class="labelled">{t("slow_mode")}
          <select value={s.slow_mode_seconds} onChange={(event) => setS({ ...s, slow_mode_seconds: Number(event.currentTarget.value) })}>
            {modes.map((n) => <option key={n} value={n}>{slowName(n)}</option>)}
          </select>
        </label>
        <label class="check">
          <input type="checkbox" checked={s.read_only} onChange={(event) => setS({ ...s, read_only: event.currentTarget.checked })} />
          {t("read_only")}
        </label>
        <Buttons close={close} label={t("save")} />
      </form>
    </Dialog>
  );
}
