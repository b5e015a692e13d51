/** What the SDK needs of its surroundings. Tests pass their own. */
export interface Environment {
  WebSocket: new (url: string, protocols: string[]) => Socket;
  now(): number;
  random(): number;
  setTimeout(fn: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  randomId(): string;
  /** Calls back when the page comes back to life: seen again, online again. Returns how to stop that. */
  onReturn(fn: () => void): () => void;
}

/** The part of a WebSocket that the SDK uses. */
export interface Socket {
  readonly readyState: number;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: { data: any }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: any) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** The browser, or another runtime with a WebSocket of its own. */
export function browser(): Environment {
  return {
    WebSocket: globalThis.WebSocket as unknown as Environment["WebSocket"],
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (fn, ms) => globalThis.setTimeout(fn, ms),
    clearTimeout: (timer) => globalThis.clearTimeout(timer as number),
    randomId: () => {
      // crypto.randomUUID is missing on plain http outside localhost; getRandomValues is not.
      const bytes = globalThis.crypto.getRandomValues(new Uint8Array(12));
      return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
    },
    onReturn: (fn) => {
      const doc = globalThis.document;
      if (!doc) return () => {};
      const seen = () => doc.visibilityState === "visible" && fn();
      doc.addEventListener("visibilitychange", seen);
      globalThis.addEventListener("online", fn);
      globalThis.addEventListener("pageshow", fn);
      return () => {
        doc.removeEventListener("visibilitychange", seen);
        globalThis.removeEventListener("online", fn);
        globalThis.removeEventListener("pageshow", fn);
      };
    },
  };
}
