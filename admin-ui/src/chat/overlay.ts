import type { Message, User } from "../sdk";

export interface MenuItem {
  label: string;
  icon?: string;
  danger?: boolean;
  run(): void;
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
  | { kind: "delete"; message: Message }
  | { kind: "ban"; user: User }
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
