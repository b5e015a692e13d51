/** The wait before each attempt to reconnect: exponential, capped, with half of it random. */
export declare class Backoff {
    #private;
    private readonly random;
    private readonly firstMs;
    private readonly mostMs;
    constructor(random: () => number, firstMs?: number, mostMs?: number);
    get attempt(): number;
    /** The next wait; never less than what the server asked for. */
    next(askedMs?: number): number;
    reset(): void;
}
/** What a close says about coming back. */
export interface Close {
    again: boolean;
    code: string;
    retryAfterMs?: number;
}
/** Reads a close: 4500-4999 and broken frames are final, everything else comes back. */
export declare function readClose(code: number, reason: string): Close;
