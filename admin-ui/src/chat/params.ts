// What the page's address says.

export interface Params {
  room: string | null;
  embedded: boolean;
  theme: "light" | "dark" | null;
  accent: string | null;
  lang: string | null;
  /** The origin of the page that frames this one, as that page tells it. */
  origin: string | null;
  /** A sign-in token from the fragment, which never leaves the browser by itself. */
  token: string | null;
}

export function readParams(location: { search: string; hash: string }, embedded: boolean): Params {
  const query = new URLSearchParams(location.search);
  const theme = query.get("theme");
  return {
    room: query.get("room")?.trim().toLowerCase() || null,
    embedded,
    theme: theme === "light" || theme === "dark" ? theme : null,
    accent: query.get("accent"),
    lang: query.get("lang"),
    origin: exactOrigin(query.get("origin")),
    token: new URLSearchParams(location.hash.slice(1)).get("token"),
  };
}

/** The origin of an http(s) address; null for anything else. */
export function exactOrigin(address: string | null | undefined): string | null {
  if (!address) return null;
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url.origin : null;
  } catch {
    return null;
  }
}

export const roomName = /^[a-z0-9][a-z0-9._-]{0,63}$/;
