import type { ErrorFrame } from "./wire";
/** What the server, or the connection, said no with. `code` is stable: see docs/errors.md. */
export declare class Refusal extends Error {
    readonly code: string;
    /** How long to wait before the same request can succeed. */
    readonly retryAfterMs?: number | undefined;
    /** When what stands in the way ends. */
    readonly until?: Date | undefined;
    readonly room?: string | undefined;
    readonly name = "Refusal";
    constructor(code: string, message: string, 
    /** How long to wait before the same request can succeed. */
    retryAfterMs?: number | undefined, 
    /** When what stands in the way ends. */
    until?: Date | undefined, room?: string | undefined);
    static of(frame: Omit<ErrorFrame, "type">): Refusal;
}
/** Codes of the SDK itself, beside those of the server. */
export declare const disconnected: () => Refusal;
export declare const timedOut: () => Refusal;
export declare const stopped: () => Refusal;
export declare const identityChanged: () => Refusal;
/** The server's own code, said without asking it: it would end the connection. */
export declare const oversize: () => Refusal;
/** Whether the same request may succeed later by itself, without anybody changing anything. */
export declare function passes(code: string): boolean;
export declare function repeats(code: string): boolean;
export declare function leavesOpen(code: string): boolean;
/** Codes that say a guest token is worth nothing any more. */
export declare function spoilsGuest(code: string): boolean;
