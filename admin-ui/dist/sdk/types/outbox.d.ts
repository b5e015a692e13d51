import type { Environment } from "./environment";
import { type Refusal } from "./refusal";
import type { PostAck } from "./wire";
/** A post on its way. */
export interface Pending {
    readonly nonce: string;
    readonly text: string;
    readonly replyTo?: string;
    /** When it was written, ms since 1970. */
    readonly at: number;
    /** waiting: for the connection; sent: for the answer; stored: acknowledged, its event is to come; refused: see `refusal`. */
    readonly state: "waiting" | "sent" | "stored" | "refused";
    readonly refusal?: Refusal;
    readonly seq?: number;
    /** As whom it was sent while nothing has said yet whether it is stored. */
    readonly sentAs?: string;
}
/**
 * Posts until they are stored and seen, or refused. What had no answer is sent again with its
 * nonce, under which the server stores it once for each author: as somebody else it waits for a word.
 */
export declare class Outbox {
    #private;
    private readonly env;
    private readonly send;
    private readonly position;
    private readonly me;
    private readonly changed;
    constructor(env: Environment, send: (post: Pending) => Promise<PostAck> | null, position: () => number, me: () => string | undefined, changed: () => void);
    get entries(): readonly Pending[];
    add(post: Pending): void;
    /** Sends what waits, in order. */
    flush(): void;
    /** The room's position has moved: what is stored up to it, or held, is shown by the room itself. */
    seen(): void;
    retry(nonce: string): void;
    discard(nonce: string): void;
    stop(): void;
}
/** Whether a refused post may be sent again as it is. */
export declare function mayRetry(p: Pending): boolean;
