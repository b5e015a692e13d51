// chatd's connection code, without dependencies: what the chat page itself runs on.
//
//   import { Chatd } from "https://chat.example.com/sdk/chatd.js";
//   const room = new Chatd({ url: "https://chat.example.com/" }).join("general");
//   room.on("change", () => show(room.state.messages));
//   room.post("Hello, world!");

export { Chatd, type ChatdEvents, type Options, type Status } from "./chatd";
export { Room, type RoomEvents, type RoomPhase } from "./room";
export { mayRetry, type Pending } from "./outbox";
export { passes, Refusal } from "./refusal";
export type { Environment, Socket } from "./environment";
export { applyEvent, applyHistory, applyJoined, applyOlder, applyReacted, emptyRoom, excerpt, type Past, type RoomState, trim } from "./state";
export type * from "./wire";
