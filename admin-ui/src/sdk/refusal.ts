import type { ErrorFrame } from "./wire";

/** What the server, or the connection, said no with. `code` is stable: see docs/errors.md. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  constructor(
    readonly code: string,
    message: string,
    /** How long to wait before the same request can succeed. */
    readonly retryAfterMs?: number,
    /** When what stands in the way ends. */
    readonly until?: Date,
    readonly room?: string,
  ) {
    super(message || code);
  }

  static of(frame: Omit<ErrorFrame, "type">): Refusal {
    const until = frame.until ? new Date(frame.until) : undefined;
    return new Refusal(frame.code, frame.message, frame.retry_after_ms, until, frame.room);
  }
}

/** Codes of the SDK itself, beside those of the server. */
export const disconnected = () => new Refusal("disconnected", "The connection was lost before the answer came.");
export const timedOut = () => new Refusal("timeout", "The server did not answer in time.");
export const stopped = () => new Refusal("stopped", "The connection is closed for good.");
export const identityChanged = () =>
  new Refusal("identity_changed", "You are someone else now. This may be stored already, under who you were before.");
/** The server's own code, said without asking it: it would end the connection. */
export const oversize = () => new Refusal("text_too_long", "That is more than the server takes at once.");

const passing = new Set([
  "busy", "going_away", "internal", "not_in_time", "outcome_unknown", "rate_limited", "room_busy", "sign_in_unavailable",
  "stopping", "store_unavailable",
]);

/** Whether the same request may succeed later by itself, without anybody changing anything. */
export function passes(code: string): boolean {
  return passing.has(code);
}

/** Codes after which a post is repeated with its nonce, without asking anybody. */
const unsettled = new Set(["busy", "disconnected", "outcome_unknown", "room_busy", "stopping", "store_unavailable", "timeout"]);

export function repeats(code: string): boolean {
  return unsettled.has(code);
}

/** Codes after which nobody knows whether a post is stored. */
const open = new Set(["disconnected", "outcome_unknown", "timeout"]);

export function leavesOpen(code: string): boolean {
  return open.has(code);
}

/** Codes that say a guest token is worth nothing any more. */
export function spoilsGuest(code: string): boolean {
  return /^(?:guest_)?token_(?:invalid|expired)$/.test(code);
}
