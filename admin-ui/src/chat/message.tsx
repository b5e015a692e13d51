import { Component } from "preact";
import { type Message, type Pending, Refusal, type User } from "../sdk";
import { Body, onlyEmoji } from "./body";
import { dateTime, t, tell, time } from "./i18n";
import { Icon } from "./icons";
import { messageMenu } from "./menus";
import { anchorOf, emojis } from "./overlay";
import { Avatar, Badge, Name } from "./person";
import type { Dropped, Store } from "./store";

interface RowProps {
  store: Store;
  message: Message;
  own: boolean;
  /** The first of a run by one author. */
  first: boolean;
  last: boolean;
  day: string;
  unread: boolean;
  active: boolean;
  current: boolean;
  pinned: boolean;
  forMe: boolean;
  names: string;
  mine: readonly string[] | undefined;
  mayWrite: boolean;
}

export class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    return (Object.keys(next) as (keyof RowProps)[]).some((k) => next[k] !== this.props[k]);
  }

  render() {
    const { store, message: m, own, first, last, day, unread, active, current, pinned, forMe } = this.props;
    const kind = [own ? "own" : "other", first && "first", last && "last", forMe && "for-me", onlyEmoji(m.text) && "jumbo"];
    return (
      <article
        class={`row ${kind.filter(Boolean).join(" ")}`}
        data-id={m.id}
        data-seq={m.seq}
        tabIndex={current ? 0 : -1}
        aria-labelledby={`${m.id}-who ${m.id}-text`}
      >
        {day && <div class="day"><span>{day}</span></div>}
        {unread && <div class="unread-line"><span>{t("new_messages")}</span></div>}
        {first && !own && <Avatar user={m.from} />}
        <div class="stack">
          <header class={first ? "who" : "sr-only"} id={`${m.id}-who`}>
            {own ? <span class="sr-only">{m.from.name}</span> : <Name user={m.from} />}
            {!own && <Badge role={m.from.role} />}
            <time dateTime={m.at} title={dateTime(m.at)}>{time(m.at)}</time>
            {pinned && <span class="flag" title={t("pinned")}><Icon name="pin" /><span class="sr-only">{t("pinned")}</span></span>}
          </header>
          <div class="line">
            <div class="bubble">
              {m.reply_to && <Quoted store={store} quote={m.reply_to} tab={active ? 0 : -1} />}
              <div id={`${m.id}-text`} class="words">
                <Body message={m} names={this.props.names} />
              </div>
              {m.edited_at && <span class="edited" title={dateTime(m.edited_at)}>{t("edited")}</span>}
            </div>
            {active && <Toolbar store={store} message={m} mayWrite={this.props.mayWrite} />}
          </div>
          {!!m.reactions?.length && <Reactions store={store} message={m} mine={this.props.mine} tab={active ? 0 : -1} />}
        </div>
      </article>
    );
  }
}

function Quoted({ store, quote, tab }: { store: Store; quote: NonNullable<Message["reply_to"]>; tab: number }) {
  const gone = quote.excerpt === "";
  const name = quote.from?.name ?? "";
  const words = (
    <>
      {name && <bdi class="quote-name">{name}</bdi>}
      <span class="quote-text" dir="auto">{gone ? t("message_gone") : quote.excerpt}</span>
    </>
  );
  if (gone) return <div class="quote gone">{words}</div>;
  return (
    <button type="button" class="quote" tabIndex={tab} title={t("jump_to_quoted", { name })} onClick={() => void store.jump(quote.id)}>
      {words}
    </button>
  );
}

function Reactions({ store, message: m, mine, tab }: { store: Store; message: Message; mine: readonly string[] | undefined; tab: number }) {
  return (
    <div class="reactions">
      {m.reactions!.map(({ emoji, count }) => {
        const own = mine?.includes(emoji) ?? false;
        return (
          <button
            type="button" key={emoji} class="reaction" tabIndex={tab} aria-pressed={own}
            aria-label={t(own ? "reacted" : "reactions", { emoji, n: count })}
            onClick={() => void store.react(m, emoji)}
          >
            <span aria-hidden="true">{emoji}</span> <span class="n">{count}</span>
          </button>
        );
      })}
    </div>
  );
}

function Toolbar({ store, message: m, mayWrite }: { store: Store; message: Message; mayWrite: boolean }) {
  const pick = (event: Event) => store.open({
    kind: "emoji",
    anchor: anchorOf(event.currentTarget as Element),
    pick: (emoji) => void store.react(m, emoji),
  });
  return (
    <div class="toolbar">
      {mayWrite && (
        <>
          {emojis.slice(0, 3).map((emoji) => (
            <button type="button" key={emoji} class="quick" aria-label={`${t("react")}: ${emoji}`} onClick={() => void store.react(m, emoji)}>
              {emoji}
            </button>
          ))}
          <button type="button" title={t("react")} aria-label={t("react")} aria-haspopup="menu" onClick={pick}><Icon name="smile" /></button>
          <button type="button" title={t("reply")} aria-label={t("reply")} onClick={() => store.startReply(m)}><Icon name="reply" /></button>
        </>
      )}
      <button
        type="button" title={t("more")} aria-label={t("actions_for", { name: m.from.name })} aria-haspopup="menu"
        onClick={(event) => store.open(messageMenu(store, m, anchorOf(event.currentTarget)))}
      >
        <Icon name="more" />
      </button>
    </div>
  );
}

/** A post that the room doesn't show yet. */
export function PendingRow({ store, pending: p, me, first }: { store: Store; pending: Pending; me: User | null; first: boolean }) {
  const refused = p.state === "refused";
  return (
    <article class={`row own last pending ${first ? "first" : ""} ${p.state}`} tabIndex={-1} aria-label={`${me?.name ?? ""}: ${p.text}`}>
      <div class="stack">
        <div class="line">
          <div class="bubble"><div class="words"><Body message={p} names="" /></div></div>
        </div>
        {refused ? (
          <div class="failed">
            <Icon name="alert" />
            <span>{t("not_sent")} {p.refusal && tell(withoutWait(p.refusal))}</span>
            <button type="button" class="link" onClick={() => store.room.retry(p.nonce)}>{t("again")}</button>
            <button type="button" class="link" onClick={() => store.room.discard(p.nonce)}>{t("remove")}</button>
          </div>
        ) : (
          <span class="sending">{t("sending")}</span>
        )}
      </div>
    </article>
  );
}

/** A message of one's own that waits for a moderator: nobody else sees it. */
export function HeldRow({ message: m, first }: { message: Message; first: boolean }) {
  return (
    <article class={`row own last pending held ${first ? "first" : ""}`} tabIndex={-1} aria-labelledby={`${m.id}-held ${m.id}-why`}>
      <div class="stack">
        <div class="line">
          <div class="bubble"><div class="words" id={`${m.id}-held`}><Body message={m} names="" /></div></div>
        </div>
        <span class="waits" id={`${m.id}-why`}><Icon name="clock" /> {t("held_waits")}</span>
      </div>
    </article>
  );
}

/** What became of one that wasn't let through. */
export function DroppedRow({ store, dropped: d }: { store: Store; dropped: Dropped }) {
  return (
    <article class="row own last pending refused" tabIndex={-1} aria-label={`${t(`held_${d.outcome}`)} ${d.message.text}`}>
      <div class="stack">
        <div class="line">
          <div class="bubble"><div class="words"><Body message={d.message} names="" /></div></div>
        </div>
        <div class="failed">
          <Icon name="ban" />
          <span>{t(`held_${d.outcome}`)}</span>
          <button type="button" class="link" onClick={() => store.rewrite(d)}>{t("rewrite")}</button>
          <button type="button" class="link" onClick={() => store.forgetDropped(d)}>{t("remove")}</button>
        </div>
      </div>
    </article>
  );
}

function withoutWait(r: Refusal): { code: string; message: string } {
  return { code: r.code, message: r.message };
}
