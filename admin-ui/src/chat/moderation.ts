// What moderators do from a message's or a member's menu. Everything answers with an Undo.

import type { Message, Settings, User } from "../sdk";
import { span, t } from "./i18n";
import { act } from "./lines";
import type { Store } from "./store";

export type Effect = "mute" | "ban";

/** How long a sanction lasts, seconds; 0: for good. */
export const sanctionSpans = [600, 3600, 86_400, 0] as const;
export const usualSpan: Record<Effect, number> = { mute: 600, ban: 86_400 };

/** The least times between two messages, seconds; 0: off. */
export const slowModes = [0, 5, 30, 120, 600] as const;

export function spanName(seconds: number): string {
  return seconds === 0 ? t("forever") : seconds === 3600 ? t("hour") : seconds === 86_400 ? t("day") : span(seconds * 1000);
}
export function slowName(seconds: number): string {
  return seconds === 0 ? t("off") : span(seconds * 1000);
}

/** Whom a moderator can act on: everybody but other moderators and the staff. */
export function maySanction(store: Store, user: User): boolean {
  return store.room.state.rights.moderate && user.id !== store.me?.id && user.role !== "moderator" && user.role !== "staff";
}

export function deleteMessage(store: Store, m: Message): void {
  const back = store.room.state.rights.moderate ? () => store.room.restore(m.id) : undefined;
  void act(store, store.room.delete(m.id), t("deleted_done", { name: m.from.name }), back);
}

export function pinMessage(store: Store, m: Message, on: boolean): void {
  void act(store, store.room.pin(m.id, on), t(on ? "pinned_done" : "unpinned_done"), () => store.room.pin(m.id, !on));
}

export function sanction(store: Store, user: User, effect: Effect, seconds: number, reason: string): void {
  const { name } = user;
  const text = seconds === 0 ? t(`${effect}_forever_done`, { name }) : t(`${effect}_done`, { name, wait: spanName(seconds) });
  const made = store.room.sanction(user.id, effect, seconds, reason).then((id) => {
    store.remember(user, effect, id);
    return id;
  });
  void act(store, made, text, (id) => lift(store, user, effect, id));
}

/** Ends a sanction that this page made: of others it knows nothing. */
export function liftSanction(store: Store, user: User, effect: Effect): void {
  const id = store.sanctionOf(user, effect);
  if (id) void act(store, lift(store, user, effect, id), t(`${effect}_lifted`, { name: user.name }));
}

async function lift(store: Store, user: User, effect: Effect, id: string): Promise<void> {
  await store.room.lift(id);
  store.forget(user, effect, id);
}

export function setSlowMode(store: Store, seconds: number): void {
  const text = seconds === 0 ? t("slow_off_done") : t("slow_on", { wait: span(seconds * 1000) });
  changeSettings(store, { slow_mode_seconds: seconds }, text);
}

/** Changes settings; the way back leaves alone what somebody else has changed since. */
export function changeSettings(store: Store, to: Partial<Settings>, text = t("settings_done")): void {
  const before = store.room.state.settings;
  void act(store, store.room.set(to), text, async () => {
    const now = store.room.state.settings;
    const keys = (Object.keys(to) as (keyof Settings)[]).filter((k) => now[k] === to[k] && before[k] !== to[k]);
    if (keys.length === 0) return store.tell({ kind: "info", text: t("changed_meanwhile") });
    await store.room.set(Object.fromEntries(keys.map((k) => [k, before[k]])));
  });
}
