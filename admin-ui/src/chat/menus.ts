import type { Message, User } from "../sdk";
import { t } from "./i18n";
import { liftSanction, maySanction, pinMessage, sanction, setSlowMode, slowModes, slowName, usualSpan } from "./moderation";
import type { Anchor, MenuItem, Overlay } from "./overlay";
import type { Store } from "./store";

export function messageMenu(store: Store, m: Message, anchor: Anchor): Overlay {
  const own = m.from.id === store.me?.id;
  const { post, moderate } = store.room.state.rights;
  const pinned = store.room.state.pins.some((p) => p.id === m.id);
  const items: (MenuItem | false)[] = [
    post && { label: t("reply"), icon: "reply", run: () => store.startReply(m) },
    post && { label: t("react"), icon: "smile", run: () => store.open({ kind: "emoji", anchor, pick: (e) => void store.react(m, e) }) },
    own && post && { label: t("edit"), icon: "edit", run: () => store.startEdit(m) },
    { label: t("copy"), icon: "copy", run: () => void copy(store, m.text) },
    moderate && { label: t(pinned ? "unpin" : "pin"), icon: "pin", run: () => pinMessage(store, m, !pinned) },
    ...(own ? [] : userItems(store, m.from, anchor, m)),
    (own || moderate) && { label: t("delete"), icon: "trash", danger: true, run: (tapped) => store.open({ kind: "delete", message: m, tapped }) },
  ];
  return { kind: "menu", label: t("actions_for", { name: m.from.name }), anchor, items: items.filter((i) => i !== false) };
}

export function userMenu(store: Store, user: User, anchor: Anchor): Overlay {
  const items: MenuItem[] = user.id === store.me?.id
    ? store.guest ? [{ label: t("change_name"), icon: "edit", run: () => store.open({ kind: "name" }) }] : []
    : [{ label: t("mention", { name: user.name }), icon: "at", run: () => store.insert(`@${user.name} `) }, ...userItems(store, user, anchor)];
  return { kind: "menu", label: user.name, anchor, items };
}

function userItems(store: Store, user: User, anchor: Anchor, message?: Message): MenuItem[] {
  const { name } = user;
  const ignored = store.ignored.has(user.id);
  const items: MenuItem[] = [
    { label: t(ignored ? "unignore" : "ignore", { name }), icon: "eyeoff", run: () => store.ignore(user, !ignored) },
  ];
  if (store.room.state.rights.moderate) {
    items.push({ label: t("slow_mode_set"), icon: "clock", run: () => store.open(slowModeMenu(store, anchor)) });
  }
  if (maySanction(store, user)) items.push(...sanctionItems(store, user, message));
  return items;
}

function sanctionItems(store: Store, user: User, message?: Message): MenuItem[] {
  const muted = store.sanctionOf(user, "mute") !== undefined;
  const banned = store.sanctionOf(user, "ban") !== undefined;
  const mute: MenuItem[] = muted
    ? [{ label: t("unmute"), icon: "mute", run: () => liftSanction(store, user, "mute") }]
    : [
      { label: t("mute10"), icon: "mute", danger: true, run: () => sanction(store, user, "mute", usualSpan.mute, "") },
      { label: t("mute"), icon: "mute", danger: true, run: (tapped) => store.open({ kind: "sanction", effect: "mute", user, message, tapped }) },
    ];
  const ban: MenuItem = banned
    ? { label: t("unban"), icon: "ban", run: () => liftSanction(store, user, "ban") }
    : { label: t("ban"), icon: "ban", danger: true, run: (tapped) => store.open({ kind: "sanction", effect: "ban", user, message, tapped }) };
  return [...mute, ban];
}

function slowModeMenu(store: Store, anchor: Anchor): Overlay {
  const now = store.room.state.settings.slow_mode_seconds;
  const items = slowModes.map((seconds): MenuItem => ({
    label: slowName(seconds), checked: seconds === now,
    run: () => {
      if (seconds !== now) setSlowMode(store, seconds);
    },
  }));
  return { kind: "menu", label: t("slow_mode"), anchor, items };
}

async function copy(store: Store, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    store.tell({ kind: "info", text: t("copied") });
  } catch {
    store.tell(null); // forbidden in this frame: the text can still be selected
  }
}
