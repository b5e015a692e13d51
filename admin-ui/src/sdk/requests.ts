import type { Environment } from "./environment";
import { disconnected, Refusal, stopped, timedOut } from "./refusal";
import type { AckFrame, ErrorFrame } from "./wire";

export interface Request {
  readonly id: string;
  readonly frame: Record<string, unknown>;
  /** The room that must be joined before this can be sent; none for connection matters. */
  readonly room?: string;
  /** Whether sending it twice does what sending it once does. */
  readonly repeatable: boolean;
  sent: boolean;
  settle(result: AckFrame | Refusal): void;
}

/** Requests that wait for their answer. What can be repeated outlives a connection. */
export class Requests {
  #waiting = new Map<string, Request>();
  #last = 0;

  constructor(
    private readonly env: Environment,
    private readonly patienceMs: number,
  ) {}

  add(frame: Record<string, unknown>, room: string | undefined, repeatable: boolean): [Request, Promise<AckFrame>] {
    const id = String(++this.#last);
    let request!: Request;
    const answer = new Promise<AckFrame>((resolve, reject) => {
      const timer = this.env.setTimeout(() => request.settle(timedOut()), this.patienceMs);
      request = {
        id, room, repeatable,
        frame: { ...frame, id },
        sent: false,
        settle: (result) => {
          this.env.clearTimeout(timer);
          this.#waiting.delete(id);
          if (result instanceof Refusal) reject(result);
          else resolve(result);
        },
      };
    });
    this.#waiting.set(id, request);
    return [request, answer];
  }

  /** Hands an answer to its request; false where none waits for it. */
  answer(frame: AckFrame | ErrorFrame): boolean {
    const request = frame.id === undefined ? undefined : this.#waiting.get(frame.id);
    request?.settle(frame.type === "ack" ? frame : Refusal.of(frame));
    return request !== undefined;
  }

  /** Those that can be sent now that a room is joined, oldest first. */
  unsent(room: string): Request[] {
    return [...this.#waiting.values()].filter((r) => !r.sent && r.room === room);
  }

  /** The connection is gone: what can't be repeated fails, the rest waits for the next one. */
  cut(): void {
    for (const r of [...this.#waiting.values()]) {
      if (!r.sent) continue;
      if (r.repeatable) r.sent = false;
      else r.settle(disconnected());
    }
  }

  /** No connection will come, or the room is out of reach. */
  abandon(room?: string): void {
    for (const r of [...this.#waiting.values()]) {
      if (room === undefined || r.room === room) r.settle(stopped());
    }
  }
}
