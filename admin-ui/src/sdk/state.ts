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
  readonly replay: { left: number; seq: number } | null;
}

const defaults: Settings = {
  title: "", topic: "", min_length: 1, max_length: 500, history: 100, retain_count: 0, retain_seconds: 0,
  slow_mode_seconds: 0, read_only: false, closed: false, guests: "write", members_limit: 0, allowed_sites: [],
};

export const emptyRoom: RoomState = {
  epoch: "", seq: 0, settings: defaults, rights: { post: false, moderate: false }, members: new Map(), count: 0,
  messages: [], moreBefore: false, past: null, pins: [], held: [], lockdown: null, reacted: new Map(), read: 0, replay: null,
};

/** A (re)join. Recovered: goes on from `state`, the replay follows. Else the fresh state replaces everything. */
export function applyJoined(state: RoomState, f: JoinedFrame): RoomState {
  const common = {
    epoch: f.epoch,
    settings: { ...defaults, ...f.settings },
    rights: f.rights,
    members: new Map((f.members ?? []).map((m) => [m.id, m])),
    count: f.count,
    held: f.held ?? [],
    lockdown: f.lockdown ?? null,
    read: Math.max(f.read ?? 0, f.recovered ? state.read : 0),
  };
  if (f.recovered) {
    const left = f.replay ?? 0;
    return {
      ...state,
      ...common,
      pins: f.pins ?? state.pins,
      reacted: withReacted(state.reacted, f.reacted),
      seq: left > 0 ? state.seq : Math.max(state.seq, f.seq),
      replay: left > 0 ? { left, seq: f.seq } : null,
    };
  }
  const messages = bySeq(f.history ?? []);
  return {
    ...emptyRoom,
    ...common,
    seq: f.seq,
    messages,
    pins: f.pins ?? [],
    reacted: withReacted(new Map(), f.reacted),
    moreBefore: messages.length >= common.settings.history,
  };
}

/** An event of the log. One at or below the position changes nothing. */
export function applyEvent(state: RoomState, f: LogFrame): RoomState {
  const next = f.seq > state.seq ? { ...change(state, f), seq: f.seq } : state;
  if (!next.replay) return next;
  const left = next.replay.left - 1;
  if (left > 0) return { ...next, replay: { ...next.replay, left } };
  return { ...next, seq: Math.max(next.seq, next.replay.seq), replay: null };
}

function change(state: RoomState, f: LogFrame): RoomState {
  switch (f.type) {
    case "message":
      return { ...withoutHeld(state, f.message.id), messages: insert(state.messages, f.message) };
    case "edited":
      return edited(state, f.message);
    case "deleted":
      return deleted(state, new Set(f.message_ids));
    case "restored":
      return restored(state, f.messages);
    case "reaction":
      return everywhere(state, (m) => (m.id === f.message_id ? { ...m, reactions: f.reactions ?? [] } : m));
    case "cleared":
      return cleared(state, f.seq);
    case "room":
      return settled(state, f.settings ?? {}, f.pins);
  }
}

function edited(state: RoomState, message: Message): RoomState {
  return everywhere(state, (m) => {
    if (m.id === message.id) return message;
    return m.reply_to?.id === message.id ? requoted(m, quoteOf(message)) : m;
  });
}

function deleted(state: RoomState, gone: ReadonlySet<string>): RoomState {
  const stays = (list: readonly Message[]) => list.filter((m) => !gone.has(m.id));
  const past = state.past && { ...state.past, messages: stays(state.past.messages) };
  return everywhere({ ...state, messages: stays(state.messages), past, pins: stays(state.pins) }, (m) =>
    m.reply_to && gone.has(m.reply_to.id) ? requoted(m, { ...m.reply_to, excerpt: "" }) : m,
  );
}

/** Restored messages go to their own places; those older than what is loaded come with the history. */
function restored(state: RoomState, messages: readonly Message[]): RoomState {
  const back = new Map(messages.map((m) => [m.id, m]));
  const floor = state.moreBefore ? (state.messages[0]?.seq ?? Infinity) : 0;
  let live = state.messages;
  let past = state.past;
  for (const m of messages) {
    if (m.seq >= floor) live = insert(live, m);
    const [first, last] = [past?.messages[0], past?.messages.at(-1)];
    if (past && first && last && m.seq > first.seq && m.seq < last.seq) {
      past = { ...past, messages: insert(past.messages, m) };
    }
  }
  return everywhere({ ...state, messages: live, past }, (m) => {
    const target = m.reply_to && back.get(m.reply_to.id);
    return target ? requoted(m, quoteOf(target)) : m;
  });
}

function cleared(state: RoomState, upTo: number): RoomState {
  const stays = (list: readonly Message[]) => list.filter((m) => m.seq > upTo);
  const past = state.past && { ...state.past, messages: stays(state.past.messages), moreBefore: false };
  return {
    ...state, messages: stays(state.messages), pins: stays(state.pins), moreBefore: false,
    past: past && past.messages.length > 0 ? past : null,
  };
}

/** A message of one's own that waits for a moderator; said again, it replaces what was known of it. */
export function withHeld(state: RoomState, message: Message): RoomState {
  if (state.messages.some((m) => m.id === message.id)) return state; // released already
  const known = state.held.some((m) => m.id === message.id);
  return { ...state, held: known ? state.held.map((m) => (m.id === message.id ? message : m)) : [...state.held, message] };
}

export function withoutHeld(state: RoomState, id: string): RoomState {
  return state.held.some((m) => m.id === id) ? { ...state, held: state.held.filter((m) => m.id !== id) } : state;
}

function settled(state: RoomState, patch: Partial<Settings>, pins: Message[] | undefined): RoomState {
  const settings = { ...state.settings, ...patch };
  return { ...state, settings, pins: pins ?? state.pins, rights: rightsUnder(settings, state.lockdown, state.rights) };
}

function rightsUnder(settings: Settings, lockdown: Lockdown | null, rights: Rights): Rights {
  if (rights.moderate) return rights;
  if (settings.read_only && rights.post) {
    return { ...rights, post: false, refused: { code: "room_read_only", message: "Only moderators write in this room." } };
  }
  if (!settings.read_only && lockdown?.level !== "read_only" && rights.refused?.code === "room_read_only") {
    return { post: true, moderate: false };
  }
  return rights;
}

/** A page of the history: joined to what it touches, else shown apart as the past. */
export function applyHistory(state: RoomState, page: HistoryPage): RoomState {
  const reacted = withReacted(state.reacted, page.reacted);
  const messages = bySeq(page.messages);
  const [first, last] = [messages[0], messages.at(-1)];
  if (!first || !last) {
    const past = state.past && { ...state.past, moreBefore: page.more_before && state.past.moreBefore };
    return { ...state, reacted, past, moreBefore: state.past ? state.moreBefore : page.more_before };
  }
  const oldest = state.messages[0];
  if (!page.more_after || (oldest && last.seq >= oldest.seq)) {
    const merged = union(state.messages, messages);
    const moreBefore = !oldest || first.seq < oldest.seq ? page.more_before : state.moreBefore;
    return { ...state, reacted, messages: merged, moreBefore, past: null };
  }
  const past = state.past;
  const [pastFirst, pastLast] = [past?.messages[0], past?.messages.at(-1)];
  if (past && pastFirst && pastLast && first.seq <= pastLast.seq && last.seq >= pastFirst.seq) {
    return {
      ...state,
      reacted,
      past: {
        messages: union(past.messages, messages),
        moreBefore: first.seq < pastFirst.seq ? page.more_before : past.moreBefore,
        moreAfter: last.seq > pastLast.seq ? page.more_after : past.moreAfter,
      },
    };
  }
  return { ...state, reacted, past: { messages, moreBefore: page.more_before, moreAfter: page.more_after } };
}

/**
 * A page asked for with `before`: contiguous with the list whose oldest message has that seq,
 * although it ends one short of it.
 */
export function applyOlder(state: RoomState, page: HistoryPage, before: number): RoomState {
  const reacted = withReacted(state.reacted, page.reacted);
  if (state.past && state.past.messages[0]?.seq === before) {
    const past = { ...state.past, messages: union(state.past.messages, page.messages), moreBefore: page.more_before };
    return { ...state, reacted, past };
  }
  if ((state.messages[0]?.seq ?? before) !== before) return state; // the list has changed meanwhile: ask again
  return { ...state, reacted, messages: union(state.messages, page.messages), moreBefore: page.more_before };
}

/**
 * Brings a state up to date with a page that was read before these events: the last ones applied, in
 * order and without a gap. What they name ends as the last of them says, however often it is said.
 */
export function applyAgain(state: RoomState, events: readonly LogFrame[]): RoomState {
  const next = events.reduce((s, f) => (overtakes.has(f.type) ? change(s, f) : s), state);
  return next === state ? state : { ...next, pins: state.pins }; // no page brings pins
}
const overtakes = new Set<LogFrame["type"]>(["edited", "deleted", "restored", "reaction", "cleared"]);

/** Forgets the oldest messages beyond `keep`. */
export function trim(state: RoomState, keep: number): RoomState {
  if (state.messages.length <= keep) return state;
  return { ...state, messages: state.messages.slice(-keep), moreBefore: true };
}

/** One's own reaction, once it is acknowledged. */
export function applyReacted(state: RoomState, id: string, emoji: string, on: boolean): RoomState {
  const rest = (state.reacted.get(id) ?? []).filter((e) => e !== emoji);
  return { ...state, reacted: new Map(state.reacted).set(id, on ? [...rest, emoji] : rest) };
}

/** How a message is quoted: its first 120 characters on one line. */
export function excerpt(text: string): string {
  const chars = Array.from(text);
  return chars.length > 120 ? chars.slice(0, 120).join("") : text;
}

/** How a message that is answered is quoted. */
export function quoteOf(m: Message): Quote {
  return { id: m.id, from: m.from, excerpt: excerpt(m.text) };
}

function requoted(m: Message, quote: Quote): Message {
  return { ...m, reply_to: quote };
}

function everywhere(state: RoomState, fn: (m: Message) => Message): RoomState {
  return {
    ...state,
    messages: mapped(state.messages, fn),
    pins: mapped(state.pins, fn),
    past: state.past && { ...state.past, messages: mapped(state.past.messages, fn) },
  };
}

/** The same list where nothing changed, so that views can compare by identity. */
function mapped(list: readonly Message[], fn: (m: Message) => Message): readonly Message[] {
  const next = list.map(fn);
  return next.some((m, i) => m !== list[i]) ? next : list;
}

function insert(list: readonly Message[], m: Message): readonly Message[] {
  const last = list.at(-1);
  if (!last || last.seq < m.seq) return [...list, m];
  return union(list, [m]);
}

function union(a: readonly Message[], b: readonly Message[]): readonly Message[] {
  const all = new Map(a.map((m) => [m.seq, m]));
  for (const m of b) all.set(m.seq, m);
  return bySeq([...all.values()]);
}

function bySeq(list: readonly Message[]): readonly Message[] {
  return [...list].sort((a, b) => a.seq - b.seq);
}

function withReacted(old: ReadonlyMap<string, readonly string[]>, more: Record<string, string[]> | undefined) {
  return more ? new Map([...old, ...Object.entries(more)]) : old;
}
