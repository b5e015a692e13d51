export { Chatd, type ChatdEvents, type Options, type Status } from "./chatd";
export { Room, type RoomEvents, type RoomPhase } from "./room";
export { mayRetry, type Pending } from "./outbox";
export { passes, Refusal } from "./refusal";
export type { Environment, Socket } from "./environment";
export { applyEvent, applyHistory, applyJoined, applyOlder, applyReacted, emptyRoom, excerpt, type Past, type RoomState, trim } from "./state";
export type * from "./wire";
