import { Component, createRef } from "preact";
import type { Message } from "../sdk";

interface Props {
  message: Pick<Message, "text" | "html">;
  /** The names that are mentioned, to be set off. */
  names: string;
}

/** A message's words. The only place where the page takes HTML: the server's own rendering. */
export class Body extends Component<Props> {
  #el = createRef<HTMLDivElement>();

  override shouldComponentUpdate(next: Props): boolean {
    const { message, names } = this.props;
    return next.message.text !== message.text || next.message.html !== message.html || next.names !== names;
  }
  override componentDidMount(): void {
    this.#fill();
  }
  override componentDidUpdate(): void {
    this.#fill();
  }

  #fill(): void {
    const el = this.#el.current!;
    const { message, names } = this.props;
    if (message.html) el.innerHTML = message.html;
    else el.textContent = message.text;
    for (const a of el.querySelectorAll("a")) {
      a.target = "_blank";
      a.rel = "noopener noreferrer nofollow ugc";
    }
    if (names) setOffMentions(el, names.split("\n"));
  }

  render() {
    return <div class="text" dir="auto" ref={this.#el} />;
  }
}

function setOffMentions(el: HTMLElement, names: string[]): void {
  const any = names.sort((a, b) => b.length - a.length).map((n) => n.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const mention = new RegExp(`@(?:${any})(?![\\p{L}\\p{N}_])`, "giu");
  const walker = document.createTreeWalker(el, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode as Text);
  for (const text of texts) {
    if (text.parentElement?.closest("code, pre, a")) continue;
    const found = [...text.data.matchAll(mention)];
    for (const match of found.reverse()) {
      const name = text.splitText(match.index);
      name.splitText(match[0].length);
      const span = document.createElement("span");
      span.className = "mention";
      name.replaceWith(span);
      span.append(name);
    }
  }
}

const fewEmoji =
  /^(?:\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]*(?:\u200D\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]*)*\s*){1,3}$/u;

/** Whether a message is one to three emoji and nothing else. */
export function onlyEmoji(text: string): boolean {
  return text.length < 40 && fewEmoji.test(text);
}

/** A message's words without their rendering, on one line. */
export function plainText(m: Pick<Message, "text" | "html">): string {
  // A parsed document runs nothing and loads nothing.
  const text = m.html ? new DOMParser().parseFromString(m.html, "text/html").body.textContent : m.text;
  return (text ?? "").replace(/\s+/g, " ");
}
