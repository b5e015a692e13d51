import { Component, createRef } from "preact";
import type { Message } from "../sdk";
import { day, t, tn } from "./i18n";
import { Icon } from "./icons";
import { messageMenu } from "./menus";
import { DroppedRow, HeldRow, PendingRow, Row } from "./message";
import { anchorOf } from "./overlay";
import type { Store } from "./store";

const groupMs = 5 * 60_000;
const nearTop = 400;
const nearBottom = 48;

interface State {
  /** The message under the pointer or with the focus: it shows its tools. */
  active: string | null;
  /** The message that Tab leads to. */
  current: string | null;
}

interface Held {
  bottom: boolean;
  /** A message in view, and where. */
  id?: string;
  top?: number;
}

/** The messages. Keeps what one reads where it is, whatever is added or removed around it. */
export class Log extends Component<{ store: Store; version: number }, State> {
  override state: State = { active: null, current: null };
  #scroller = createRef<HTMLDivElement>();
  #content = createRef<HTMLDivElement>();
  #resized?: ResizeObserver;

  override componentDidMount(): void {
    this.#toBottom();
    // Fonts, the keyboard of a phone and a growing composer move things without a render.
    this.#resized = new ResizeObserver(() => {
      if (this.props.store.atBottom) this.#toBottom();
    });
    this.#resized.observe(this.#scroller.current!);
    this.#resized.observe(this.#content.current!);
  }
  override componentWillUnmount(): void {
    this.#resized?.disconnect();
  }

  override getSnapshotBeforeUpdate(): Held {
    const scroller = this.#scroller.current!;
    const edge = scroller.getBoundingClientRect().top;
    const bottom = this.#below() < nearBottom; // measured: a scroll event may still be on its way
    for (const row of this.#rows()) {
      const box = row.getBoundingClientRect();
      if (box.bottom > edge) return { bottom, id: row.dataset.id, top: words(row) };
    }
    return { bottom };
  }

  override componentDidUpdate(_p: unknown, _s: unknown, held: Held): void {
    const { store } = this.props;
    if (store.target) return this.#reveal(store.target);
    if (held.bottom && !store.room.state.past) return this.#toBottom();
    const row = held.id && this.#row(held.id);
    if (row) this.#scroller.current!.scrollTop += words(row) - held.top!;
    this.#fill();
  }

  #rows(): NodeListOf<HTMLElement> {
    return this.#content.current!.querySelectorAll<HTMLElement>("[data-id]");
  }
  #row(id: string): HTMLElement | null {
    return this.#content.current!.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
  }
  #below(): number {
    const s = this.#scroller.current!;
    return s.scrollHeight - s.scrollTop - s.clientHeight;
  }
  #toBottom(): void {
    const scroller = this.#scroller.current!;
    scroller.scrollTop = scroller.scrollHeight;
  }

  #reveal(target: string): void {
    const { store } = this.props;
    store.target = null;
    if (target === "newest") return this.#toBottom();
    const row = this.#row(target);
    if (!row) return;
    row.scrollIntoView({ block: "center" });
    row.classList.add("flash");
    setTimeout(() => row.classList.remove("flash"), 2000);
    this.setState({ current: target });
    row.focus({ preventScroll: true });
    this.#scrolled();
  }

  #scrolled = (): void => {
    const { store } = this.props;
    const below = this.#below();
    store.scrolled(below < nearBottom && !store.room.state.past);
    this.#fill();
    if (store.room.state.past?.moreAfter && below < nearTop) void store.loadNewer();
  };

  /** Loads older messages while their end is near. */
  #fill(): void {
    const s = this.#scroller.current!;
    if (s.scrollTop < nearTop && this.props.store.room.phase === "joined") void this.props.store.loadOlder();
  }

  #point = (event: Event): void => {
    if (this.props.store.overlay) return;
    const id = (event.target as Element).closest<HTMLElement>("[data-id]")?.dataset.id ?? null;
    if (id !== this.state.active) this.setState({ active: id });
  };
  #focus = (event: FocusEvent): void => {
    const id = (event.target as Element).closest<HTMLElement>("[data-id]")?.dataset.id;
    if (id) this.setState({ active: id, current: id });
  };
  #leave = (event: PointerEvent): void => {
    if (event.pointerType === "touch") return; // a finger leaves after every tap, and its click comes later
    if (!this.props.store.overlay) this.setState({ active: null });
  };

  /** A long press on a touch screen opens the menu that a mouse finds beside the message. */
  #press = (event: MouseEvent): void => {
    const row = (event.target as Element).closest<HTMLElement>("[data-id]");
    const message = row && this.props.store.find(row.dataset.id!);
    if (!message || (event as PointerEvent).pointerType !== "touch" || (event.target as Element).closest("a")) return;
    event.preventDefault();
    this.props.store.open(messageMenu(this.props.store, message, anchorOf(row.querySelector(".bubble") ?? row)));
  };

  #key = (event: KeyboardEvent): void => {
    const { store } = this.props;
    const row = (event.target as Element).closest<HTMLElement>("[data-id]");
    if (event.key === "Escape") {
      store.focusComposer++;
      return store.changed(true);
    }
    if (!row || event.target !== row) return;
    const message = store.find(row.dataset.id!);
    if ((event.key === "Enter" || event.key === " ") && message) {
      event.preventDefault();
      const bubble = row.querySelector(".bubble") ?? row;
      return store.open(messageMenu(store, message, anchorOf(bubble)));
    }
    const rows = [...this.#rows()];
    const to = { ArrowUp: -1, PageUp: -1, ArrowDown: 1, PageDown: 1, Home: -Infinity, End: Infinity }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(rows.length - 1, rows.indexOf(row) + to));
    rows[index]!.focus();
    rows[index]!.scrollIntoView({ block: "nearest" });
  };

  render() {
    const { store } = this.props;
    const { room, me } = store;
    const { past, moreBefore, rights, reacted } = room.state;
    const shown = store.messages.filter((m) => !store.ignored.has(m.from.id));
    const pins = new Set(room.state.pins.map((p) => p.id));
    const more = past ? past.moreBefore : moreBefore;
    const current = shown.some((m) => m.id === this.state.current) ? this.state.current : shown.at(-1)?.id;
    const pending = past ? [] : room.pending;
    const held = past ? [] : room.state.held;
    const dropped = past ? [] : store.dropped;
    const some = shown.length + pending.length + held.length + dropped.length > 0;
    const now = Date.now();
    const lastSeen = shown.at(-1);
    return (
      <div class="log-frame">
        <div class="log" ref={this.#scroller} onScroll={this.#scrolled} onPointerOver={this.#point} onPointerLeave={this.#leave} onFocusIn={this.#focus} onKeyDown={this.#key} onContextMenu={this.#press}>
          <div class="log-content" ref={this.#content}>
            {more ? (
              <button type="button" class="older" disabled={store.loading} onClick={() => void store.loadOlder()}>
                {t(store.loading ? "loading" : "older")}
              </button>
            ) : some ? (
              <p class="beginning">{t("beginning", { room: store.title })}</p>
            ) : (
              <div class="empty">
                <Icon name="chat" />
                <h2>{t("empty_title")}</h2>
                <p>{t("empty_text")}</p>
              </div>
            )}
            {some && (
              <div role="feed" aria-label={t("messages")} aria-busy={store.loading}>
                {shown.map((m, i) => {
                  const [before, after] = [shown[i - 1], shown[i + 1]];
                  const first = !before || !sameRun(before, m) || store.unreadFrom === m.seq;
                  const newDay = !before || !sameDay(before, m);
                  const own = m.from.id === me?.id;
                  return (
                    <Row
                      key={m.id} store={store} message={m} own={own}
                      first={first || newDay} last={!after || !sameRun(m, after)}
                      day={newDay ? day(m.at, now) : ""}
                      unread={store.unreadFrom === m.seq && i > 0}
                      active={this.state.active === m.id} current={current === m.id} pinned={pins.has(m.id)}
                      forMe={!own && me !== null && (m.mentions?.includes(me.id) ?? false)}
                      names={(m.mentions ?? []).map((id) => store.nameOf(id)).filter(Boolean).join("\n")}
                      mine={reacted.get(m.id)} mayWrite={rights.post}
                    />
                  );
                })}
                {held.map((m, i) => <HeldRow key={m.id} message={m} first={i === 0 && lastSeen?.from.id !== me?.id} />)}
                {dropped.map((d) => <DroppedRow key={d.message.id} store={store} dropped={d} />)}
                {pending.map((p, i) => (
                  <PendingRow key={p.nonce} store={store} pending={p} me={me} first={i === 0 && held.length + dropped.length === 0 && lastSeen?.from.id !== me?.id} />
                ))}
              </div>
            )}
          </div>
        </div>
        <ToNewest store={store} />
      </div>
    );
  }
}

function sameDay(a: Message, b: Message): boolean {
  return new Date(a.at).setHours(0, 0, 0, 0) === new Date(b.at).setHours(0, 0, 0, 0);
}

/** Where a row's words are: what stands above them (the day, the name) comes and goes with its neighbours. */
function words(row: HTMLElement): number {
  return row.querySelector(".line")!.getBoundingClientRect().top;
}

function ToNewest({ store }: { store: Store }) {
  if (store.atBottom && !store.room.state.past) return null;
  const label = store.unread > 0 ? tn("unread", store.unread) : t("newest");
  return (
    <button type="button" class={`to-newest ${store.unread ? "has-unread" : ""}`} onClick={() => store.showNewest()}>
      <Icon name="down" /> <span>{label}</span>
    </button>
  );
}

function sameRun(a: Message, b: Message): boolean {
  return a.from.id === b.from.id && a.from.name === b.from.name && Date.parse(b.at) - Date.parse(a.at) < groupMs;
}
