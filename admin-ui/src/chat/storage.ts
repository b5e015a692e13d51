// What a visitor's browser keeps. Where storage is blocked even touching it throws: then
// this page remembers for as long as it is open.

function open(which: "localStorage" | "sessionStorage") {
  const memory = new Map<string, string>();
  const real = (): Storage | null => {
    try {
      return window[which];
    } catch {
      return null;
    }
  };
  return {
    get(key: string): string | null {
      try {
        return real()?.getItem(prefix + key) ?? memory.get(key) ?? null;
      } catch {
        return memory.get(key) ?? null;
      }
    },
    set(key: string, value: string | null): void {
      if (value === null) memory.delete(key);
      else memory.set(key, value);
      try {
        if (value === null) real()?.removeItem(prefix + key);
        else real()?.setItem(prefix + key, value);
      } catch {
        // Blocked or full: memory has it.
      }
    },
  };
}

const prefix = "chatd:";

/** Kept from visit to visit. */
export const kept = open("localStorage");
/** Kept for this tab: reloads included. */
export const tab = open("sessionStorage");

export function readJSON<T>(text: string | null, fallback: T): T {
  try {
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}
