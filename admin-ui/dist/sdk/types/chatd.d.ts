import { Emitter } from "./emitter";
import { type Environment } from "./environment";
import { Refusal } from "./refusal";
import { Room } from "./room";
import type { ServerFrame, User } from "./wire";
export interface Options {
    /** Where chatd is, http(s) or ws(s); default: where the page came from. */
    url?: string | URL;
    /** Asks for the visitor's sign-in token: before the first connection, and when one ends. Null: a guest. */
    getToken?: (why: "connect" | "expiring" | "expired") => Promise<string | null> | string | null;
    /** A guest token kept from an earlier visit. */
    guestToken?: string | null;
    /** A new guest's name; without it the server makes one. */
    name?: string;
    environment?: Partial<Environment>;
}
export type Status = {
    state: "connecting";
} | {
    state: "open";
}
/** Until `at`, ms since 1970; then it tries again. */
 | {
    state: "waiting";
    at: number;
    code: string;
} | {
    state: "stopped";
    refusal: Refusal;
};
export interface ChatdEvents {
    status: Status;
    /** Who one is: on connecting, and when that changes. */
    user: User;
    /** To be kept for the next visit; null: forget it. */
    guesttoken: string | null;
    notice: string;
    /** Every frame, before it is applied. */
    frame: ServerFrame;
}
/** A connection to chatd that comes back by itself, and the rooms on it. */
export declare class Chatd extends Emitter<ChatdEvents> {
    #private;
    private readonly options;
    constructor(options?: Options);
    get status(): Status;
    get user(): User | null;
    /** The server's limits, as its `welcome` told them. */
    get limits(): Readonly<Record<string, number>>;
    /** The server's clock less this one's, ms. */
    get clockOffset(): number;
    /** Joins a room, now and after every reconnect, until `Room.leave`. */
    join(name: string): Room;
    /** Changes a guest's name. */
    rename(name: string): Promise<User>;
    /** Signs in, or renews a sign-in. Another person than before gets a new connection. */
    setToken(token: string): Promise<void>;
    /** Makes sure at once that the connection lives; call it when the page comes back to life. */
    check(): void;
    /** After a final refusal: tries once more. */
    retry(): void;
    /** Ends everything. */
    close(): void;
}
