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
    onmessage: ((event: {
        data: any;
    }) => void) | null;
    onclose: ((event: {
        code: number;
        reason: string;
    }) => void) | null;
    onerror: ((event: any) => void) | null;
    send(data: string): void;
    close(code?: number, reason?: string): void;
}
/** The browser, or another runtime with a WebSocket of its own. */
export declare function browser(): Environment;
