import type { Environment } from "./environment";
import { Refusal } from "./refusal";
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
export declare class Requests {
    #private;
    private readonly env;
    private readonly patienceMs;
    constructor(env: Environment, patienceMs: number);
    add(frame: Record<string, unknown>, room: string | undefined, repeatable: boolean): [Request, Promise<AckFrame>];
    /** Hands an answer to its request; false where none waits for it. */
    answer(frame: AckFrame | ErrorFrame): boolean;
    /** Those that can be sent now that a room is joined, oldest first. */
    unsent(room: string): Request[];
    /** The connection is gone: what can't be repeated fails, the rest waits for the next one. */
    cut(): void;
    /** No connection will come, or the room is out of reach. */
    abandon(room?: string): void;
}
