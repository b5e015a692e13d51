import type { Message, User } from "../sdk";
import { t } from "./i18n";
import type { Anchor, MenuItem, Overlay } from "./overlay";
import type { Store } from "./store";

const muteSeconds = 600;

export function messageMenu(store: Store, m: Message, anchor: Anchor): Overlay {
  const own = m.from.id === store.me?.id;
  const { post, moderate } = store.room.state.rights;
  const pinned = store.room.state.pins.some((p) => p.id === m.id);
  const items: (MenuItem | false)[] = [
    post && { label: t("reply"), icon: "reply", run: () => store.startReply(m) },
    post && { label: t("react"), icon: "smile", run: () => store.open({ kind: "emoji", anchor, pick: (e) => void store.react(m, e) }) },
    own && post && { label: t("edit"), icon: "edit", run: () => store.startEdit(m) },
    { label: t("copy"), icon: "copy", run: () => void copy(store, m.text) },
    moderate && {
      label: t(pinned ? "unpin" : "pin"), icon: "pin", run: () => void store.act(store.room.pin(m.id, !pinned)),
    },
    ...(own ? [] : userItems(store, m.from)),
    (own || moderate) && { label: t("delete"), icon: "trash", danger: true, run: () => store.open({ kind: "delete", message: m }) },
  ];
  return { kind: "menu", label: t("actions_for", { name: m.from.name }), anchor, items: items.filter((i) => i !== false) };
}

export function userMenu(store: Store, user: User, anchor: Anchor): Overlay {
  const items: MenuItem[] = user.id === store.me?.id
    ? store.guest ? [{ label: t("change_name"), icon: "edit", run: () => store.open({ kind: "name" }) }] : []
    : [{ label: t("mention", { name: user.name }), icon: "at", run: () => store.insert(`@${user.name} `) }, ...userItems(store, user)];
  return { kind: "menu", label: user.name, anchor, items };
}

function userItems(store: Store, user: User): MenuItem[] {
  const { name } = user;
  const ignored = store.ignored.has(user.id);
  const items: MenuItem[] = [
    { label: t(ignored ? "unignore" : "ignore", { name }), icon: "eyeoff", run: () => store.ignore(user, !ignored) },
  ];
  if (store.room.state.rights.moderate && user.role !== "moderator" && user.role !== "staff") {
    items.push(
      {
        label: t("mute10"), icon: "mute", danger: true,
        run: () => void store.act(store.room.sanction(user.id, "mute", muteSeconds, ""), t("muted_done", { name })),
      },
      { label: t("ban"), icon: "ban", danger: true, run: () => store.open({ kind: "ban", user }) },
    );
  }
  return items;
}

async function copy(store: Store, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    store.tell({ kind: "info", text: t("copied") });
  } catch {
    store.tell(null); // forbidden in this frame: the text can still be selected
  }
}
