/** The wait before each attempt to reconnect: exponential, capped, with half of it random. */
export class Backoff {
  #attempt = 0;

  constructor(
    private readonly random: () => number,
    private readonly firstMs = 500,
    private readonly mostMs = 30_000,
  ) {}

  get attempt(): number {
    return this.#attempt;
  }

  /** The next wait; never less than what the server asked for. */
  next(askedMs = 0): number {
    const whole = Math.min(this.mostMs, this.firstMs * 2 ** this.#attempt++);
    if (askedMs > 0) return askedMs + this.random() * Math.min(whole, askedMs / 2);
    return whole / 2 + (this.random() * whole) / 2;
  }

  reset(): void {
    this.#attempt = 0;
  }
}

/** What a close says about coming back. */
export interface Close {
  again: boolean;
  code: string;
  retryAfterMs?: number;
}

/** Closes that blame this side's frames: the same frames would bring them again. */
const broken = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

/** Reads a close: 4500-4999 and broken frames are final, everything else comes back. */
export function readClose(code: number, reason: string): Close {
  const told = parseReason(reason);
  return { again: !broken.has(code) && (code < 4500 || code > 4999), code: told.code ?? `closed_${code}`, retryAfterMs: told.retry_after_ms };
}

function parseReason(reason: string): { code?: string; retry_after_ms?: number } {
  try {
    const told: unknown = JSON.parse(reason);
    return typeof told === "object" && told !== null ? told : {};
  } catch {
    return {};
  }
}
