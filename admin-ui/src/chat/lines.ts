import type { Store } from "./store";

/** One line above the composer that doesn't make way for the next one: an act that can be undone, or words of the staff. */
export interface Line {
  readonly kind: "act" | "staff";
  readonly text: string;
  undo?(): void;
}

const actForMs = 20_000; // an Undo is promised for ten seconds
const staffForMs = 120_000;

/** The lines that stand now, oldest first; each leaves by itself. */
export class Lines {
  list: readonly Line[] = [];
  #timers = new Map<Line, number>();

  constructor(private readonly changed: () => void) {}

  add(line: Line): void {
    this.list = [...this.list, line];
    this.#timers.set(line, window.setTimeout(() => this.remove(line), line.kind === "act" ? actForMs : staffForMs));
    this.changed();
  }

  remove(line: Line): void {
    clearTimeout(this.#timers.get(line));
    this.#timers.delete(line);
    this.list = this.list.filter((l) => l !== line);
    this.changed();
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}

/** Does something and says so, with a way back for a while. */
export async function act<T>(store: Store, what: Promise<T>, text: string, back?: (done: T) => Promise<unknown>): Promise<void> {
  let done: T;
  try {
    done = await what;
  } catch (error) {
    return store.refused(error);
  }
  const line: Line = { kind: "act", text };
  if (back) {
    line.undo = () => {
      store.lines.remove(line);
      void store.act(back(done));
    };
  }
  store.lines.add(line);
}
