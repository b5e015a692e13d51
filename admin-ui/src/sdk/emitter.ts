/** Typed events; `on` returns how to stop listening. */
export class Emitter<Events extends object> {
  #listeners = new Map<keyof Events, Set<(event: any) => void>>();

  on<K extends keyof Events>(type: K, listener: (event: Events[K]) => void): () => void {
    let set = this.#listeners.get(type);
    if (!set) this.#listeners.set(type, (set = new Set()));
    set.add(listener);
    return () => set.delete(listener);
  }

  protected emit<K extends keyof Events>(type: K, event: Events[K]): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error; // told where errors are told, but what the event does goes on
        });
      }
    }
  }
}
