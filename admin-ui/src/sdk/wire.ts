// The frames of protocol v1, as docs/protocol.md describes them.

export type Role = "guest" | "user" | "vip" | "moderator" | "staff";

export interface User {
  id: string;
  name: string;
  role: Role;
}

export interface Reaction {
  emoji: string;
  count: number;
}

export interface Quote {
  id: string;
  from?: User;
  /** Empty when the message is gone. */
  excerpt: string;
}

export interface Message {
  id: string;
  seq: number;
  from: User;
  /** As typed. */
  text: string;
  /** Safe to assign to innerHTML; absent where it would only be the escaped text. */
  html?: string;
  at: string;
  edited_at?: string;
  reply_to?: Quote;
  mentions?: string[];
  reactions?: Reaction[];
}

export interface Settings {
  title: string;
  topic: string;
  min_length: number;
  max_length: number;
  history: number;
  retain_count: number;
  retain_seconds: number;
  slow_mode_seconds: number;
  read_only: boolean;
  closed: boolean;
  guests: "write" | "read" | "none";
  members_limit: number;
  allowed_sites: string[];
}

export interface Refused {
  code: string;
  message: string;
  until?: string;
}

export interface Rights {
  post: boolean;
  moderate: boolean;
  refused?: Refused;
}

/** Lies over a room's settings until its time is over. Moderators are exempt. */
export interface Lockdown {
  level: "slow" | "known" | "signed_in" | "read_only" | "no_joins";
  /** Of slow: the least time between two messages. Of known: who was first seen so long ago writes. */
  seconds?: number;
  until: string;
  reason?: string;
}

export interface Position {
  epoch: string;
  seq: number;
}

export interface WelcomeFrame {
  type: "welcome";
  user: User;
  guest_token?: string;
  expires_at?: string;
  session: string;
  server_time: string;
  heartbeat_ms: number;
  limits?: Record<string, number>;
}

export interface AckFrame {
  type: "ack";
  id: string;
  [more: string]: unknown;
}

export interface ErrorFrame {
  type: "error";
  id?: string;
  room?: string;
  code: string;
  message: string;
  retry_after_ms?: number;
  until?: string;
}

export interface JoinedFrame {
  type: "joined";
  room: string;
  epoch: string;
  seq: number;
  recovered: boolean;
  /** How many frames of the log follow at once. */
  replay?: number;
  settings: Settings;
  rights: Rights;
  members?: User[];
  count: number;
  pins?: Message[];
  history?: Message[];
  reacted?: Record<string, string[]>;
  read?: number;
  /** All of one's own messages that wait for a moderator; their seq is 0. */
  held?: Message[];
  lockdown?: Lockdown;
}

interface Logged {
  room: string;
  seq: number;
}

export type LogFrame =
  | (Logged & { type: "message" | "edited"; message: Message })
  | (Logged & { type: "deleted"; message_ids: string[] })
  | (Logged & { type: "restored"; messages: Message[] })
  | (Logged & { type: "reaction"; message_id: string; reactions?: Reaction[] })
  /** Forget every message up to seq, and the pins. */
  | (Logged & { type: "cleared" })
  | (Logged & { type: "room"; settings?: Partial<Settings>; pins?: Message[]; archived?: boolean });

export interface PresenceFrame {
  type: "presence";
  room: string;
  count: number;
  joined?: User[];
  left?: (string | User)[];
}

export interface TypingFrame {
  type: "typing";
  room: string;
  users: User[];
}

export interface SanctionFrame {
  type: "banned" | "muted" | "unmuted";
  room?: string;
  reason?: string;
  until?: string;
  sanction_id?: string;
}

export interface HeldFrame {
  type: "held";
  room: string;
  message: Message;
  code: string;
}

/** A held message waits no more. Released, it comes as a message of the same id, before this or after it. */
export interface ReleasedFrame {
  type: "released";
  room: string;
  message_id: string;
  outcome: "released" | "refused" | "expired" | "purged";
}

export type ServerFrame =
  | WelcomeFrame
  | AckFrame
  | ErrorFrame
  | JoinedFrame
  | LogFrame
  | PresenceFrame
  | TypingFrame
  | SanctionFrame
  | HeldFrame
  | ReleasedFrame
  | { type: "lockdown"; room: string; lockdown: Lockdown | null }
  | { type: "rights"; room: string; rights: Rights }
  | { type: "left"; room: string; code: string; message: string }
  | { type: "heartbeat"; at: string; positions?: Record<string, Position> }
  | { type: "expiring"; at: string }
  | { type: "notice"; room?: string; text: string; at?: string };

const logTypes = new Set(["message", "edited", "deleted", "restored", "reaction", "cleared", "room"]);

/** Whether a frame is an event of a room's log. */
export function isLogFrame(frame: ServerFrame): frame is LogFrame {
  return logTypes.has(frame.type);
}

export interface HistoryPage {
  messages: Message[];
  reacted?: Record<string, string[]>;
  more_before: boolean;
  more_after: boolean;
}

export interface MembersPage {
  members: User[];
  count: number;
}

export interface AuthAck {
  user: User;
  guest_token?: string;
  expires_at?: string;
}

export interface PostAck {
  message_id: string;
  /** Absent while the message is held. */
  seq?: number;
  at: string;
  duplicate?: boolean;
  held?: boolean;
}
