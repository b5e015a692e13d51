import { Emitter } from "./emitter";
import type { Environment } from "./environment";
import { type Pending } from "./outbox";
import { Refusal } from "./refusal";
import { type RoomState } from "./state";
import { type AckFrame, type MembersPage, type Message, type Position, type ReleasedFrame, type SanctionFrame, type ServerFrame, type Settings, type User } from "./wire";
export type RoomPhase = "joining" | "joined" | "refused";
export interface RoomEvents {
    /** Something that the room shows has changed: read `state`, `pending`, `typing`, `phase`. */
    change: Room;
    /** A message that has just been written by someone, oneself included; not history. */
    message: Message;
    /** A sanction against oneself. */
    sanction: SanctionFrame;
    /** What became of a message of one's own that waited for a moderator. */
    released: {
        message: Message;
        outcome: ReleasedFrame["outcome"];
    };
    /** Every message of the room is gone. */
    cleared: Room;
    notice: string;
}
/** What a room needs of its connection. */
export interface Line {
    /** Null where the frame can't go out now. */
    sendNow(frame: Record<string, unknown>, room: string): Promise<AckFrame> | null;
    request(frame: Record<string, unknown>, room: string, repeatable: boolean): Promise<AckFrame>;
    join(room: Room): void;
    leave(room: Room): void;
    user(): User | null;
    /** The server's clock less this one's, ms. */
    clockOffset(): number;
}
/** One room, joined for as long as it isn't left: reconnects and recovery happen beneath it. */
export declare class Room extends Emitter<RoomEvents> {
    #private;
    readonly name: string;
    private readonly env;
    private readonly line;
    /** Use `Chatd.join`. */
    constructor(name: string, env: Environment, line: Line);
    get state(): RoomState;
    get phase(): RoomPhase;
    /** Why the room can't be joined, or was left. */
    get refusal(): Refusal | null;
    /** Own posts that the room doesn't show yet, oldest first. */
    get pending(): readonly Pending[];
    /** Others who are writing. */
    get typing(): readonly User[];
    get position(): Position | undefined;
    /** Sends a message, now or once there is a connection. A nonce given again is stored once; `sentAs`: `Pending`'s. */
    post(text: string, replyTo?: string, nonce?: string, sentAs?: string): string;
    retry(nonce: string): void;
    discard(nonce: string): void;
    edit(messageId: string, text: string): Promise<AckFrame>;
    delete(...messageIds: string[]): Promise<AckFrame>;
    restore(...messageIds: string[]): Promise<AckFrame>;
    pin(messageId: string, on: boolean): Promise<AckFrame>;
    set(settings: Partial<Settings>): Promise<AckFrame>;
    react(messageId: string, emoji: string, on: boolean): Promise<void>;
    /** Seconds 0: for good. `intervalSeconds` is for slow, and for it alone. Answers with the sanction's id. */
    sanction(user: string, effect: "ban" | "mute" | "slow", seconds: number, reason: string, intervalSeconds?: number): Promise<string>;
    lift(sanctionId: string): Promise<AckFrame>;
    members(limit?: number): Promise<MembersPage>;
    /** Loads what came before the oldest message that is shown. */
    loadOlder(limit?: number): Promise<void>;
    /** Shows the messages around one: joined to the newest where they touch, else as `state.past`. */
    loadAround(messageId: string, limit?: number): Promise<void>;
    /** Goes on from `state.past` towards the newest. */
    loadNewer(limit?: number): Promise<void>;
    /** Leaves `state.past`. */
    showNewest(): void;
    /** Forgets the oldest messages beyond `keep`; they can be loaded again. */
    trim(keep: number): void;
    /** Tells others that one is writing; call it at every key. */
    sendTyping(): void;
    /** Notes how far one has read. */
    markRead(seq: number): void;
    leave(): void;
    /** After a refusal: tries again. */
    rejoin(): void;
    /** @internal */
    receive(f: ServerFrame): void;
    /** @internal The connection is gone; it will come back. */
    cut(): void;
    /** @internal One is someone else now: what was shown, and its position, were another's. */
    startOver(): void;
    /** @internal The room is out of reach until someone acts. */
    refuse(refusal: Refusal): void;
    /** @internal A join was refused. Returns after how long to ask again; undefined: never. */
    joinRefused(refusal: Refusal): number | undefined;
    /** @internal A heartbeat told of a position. */
    heard(p: Position): void;
    /** @internal */
    dispose(): void;
}
