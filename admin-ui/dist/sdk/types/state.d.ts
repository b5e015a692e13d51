import type { HistoryPage, JoinedFrame, Lockdown, LogFrame, Message, Quote, Rights, Settings, User } from "./wire";
/** Messages away from the newest ones, as a jump to an old message shows them. */
export interface Past {
    readonly messages: readonly Message[];
    readonly moreBefore: boolean;
    readonly moreAfter: boolean;
}
/** What a room shows. Immutable: every change makes a new one. */
export interface RoomState {
    readonly epoch: string;
    /** The position: every event up to it is applied. */
    readonly seq: number;
    readonly settings: Settings;
    readonly rights: Rights;
    readonly members: ReadonlyMap<string, User>;
    readonly count: number;
    /** By rising seq, without a gap up to the newest. */
    readonly messages: readonly Message[];
    readonly moreBefore: boolean;
    readonly past: Past | null;
    readonly pins: readonly Message[];
    /** Own messages that wait for a moderator, oldest first. Nobody else sees them; their seq is 0. */
    readonly held: readonly Message[];
    readonly lockdown: Lockdown | null;
    /** Own reactions: emoji by message id. */
    readonly reacted: ReadonlyMap<string, readonly string[]>;
    /** The seq up to which this user had read when joining. */
    readonly read: number;
    /** Replayed events that are still to come, and the position after them. */
    readonly replay: {
        left: number;
        seq: number;
    } | null;
}
export declare const emptyRoom: RoomState;
/** A (re)join. Recovered: goes on from `state`, the replay follows. Else the fresh state replaces everything. */
export declare function applyJoined(state: RoomState, f: JoinedFrame): RoomState;
/** An event of the log. One at or below the position changes nothing. */
export declare function applyEvent(state: RoomState, f: LogFrame): RoomState;
/** A message of one's own that waits for a moderator; said again, it replaces what was known of it. */
export declare function withHeld(state: RoomState, message: Message): RoomState;
export declare function withoutHeld(state: RoomState, id: string): RoomState;
/** A page of the history: joined to what it touches, else shown apart as the past. */
export declare function applyHistory(state: RoomState, page: HistoryPage): RoomState;
/**
 * A page asked for with `before`: contiguous with the list whose oldest message has that seq,
 * although it ends one short of it.
 */
export declare function applyOlder(state: RoomState, page: HistoryPage, before: number): RoomState;
/**
 * Brings a state up to date with a page that was read before these events: the last ones applied, in
 * order and without a gap. What they name ends as the last of them says, however often it is said.
 */
export declare function applyAgain(state: RoomState, events: readonly LogFrame[]): RoomState;
/** Forgets the oldest messages beyond `keep`. */
export declare function trim(state: RoomState, keep: number): RoomState;
/** One's own reaction, once it is acknowledged. */
export declare function applyReacted(state: RoomState, id: string, emoji: string, on: boolean): RoomState;
/** How a message is quoted: its first 120 characters on one line. */
export declare function excerpt(text: string): string;
/** How a message that is answered is quoted. */
export declare function quoteOf(m: Message): Quote;
