import type { Role, User } from "../sdk";
import { t } from "./i18n";

/** A hue of one's own, the same everywhere. */
export function hueOf(id: string): number {
  let h = 2166136261;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 16777619);
  return ((h >>> 0) % 24) * 15;
}

export function Avatar({ user }: { user: User }) {
  const letter = Array.from(user.name.trim())[0] ?? "?";
  return (
    <span class="avatar" style={{ "--h": hueOf(user.id) } as never} aria-hidden="true">
      {letter.toUpperCase()}
    </span>
  );
}

export function Name({ user }: { user: User }) {
  return (
    <bdi class="name" style={{ "--h": hueOf(user.id) } as never}>
      {user.name}
    </bdi>
  );
}

const badges: Partial<Record<Role, "role_moderator" | "role_staff" | "role_vip">> = {
  moderator: "role_moderator",
  staff: "role_staff",
  vip: "role_vip",
};

export function Badge({ role }: { role: Role }) {
  const word = badges[role];
  return word ? <span class={`badge ${role}`}>{t(word)}</span> : null;
}
