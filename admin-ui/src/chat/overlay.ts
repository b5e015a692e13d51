import type { Message, User } from "../sdk";
import type { Effect } from "./moderation";

export interface MenuItem {
  label: string;
  icon?: string;
  danger?: boolean;
  /** Of several that exclude each other: whether this one holds. */
  checked?: boolean;
  /** `tapped` is where the item itself was. */
  run(tapped: Anchor): void;
}

/** Where a menu opens: beside the button that opened it. */
export interface Anchor {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** What lies over the page; one at a time. */
export type Overlay =
  | { kind: "menu"; label: string; anchor: Anchor; items: MenuItem[] }
  | { kind: "emoji"; anchor: Anchor; pick(emoji: string): void }
  | { kind: "delete"; message: Message; tapped: Anchor }
  | { kind: "sanction"; effect: Effect; user: User; message?: Message; tapped: Anchor }
  | { kind: "name" }
  | { kind: "settings" };

export function anchorOf(el: Element): Anchor {
  const { top, bottom, left, right } = el.getBoundingClientRect();
  return { top, bottom, left, right };
}

export const emojis = [
  "👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "🔥", "👏", "😍", "🤔", "👀",
  "✅", "💯", "😅", "😎", "🥳", "😭", "😡", "👎", "🙌", "💜", "🚀", "☕",
];
