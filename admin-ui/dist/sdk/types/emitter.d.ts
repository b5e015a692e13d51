/** Typed events; `on` returns how to stop listening. */
export declare class Emitter<Events extends object> {
    #private;
    on<K extends keyof Events>(type: K, listener: (event: Events[K]) => void): () => void;
    protected emit<K extends keyof Events>(type: K, event: Events[K]): void;
}
