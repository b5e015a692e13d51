import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "./i18n";
import type { Anchor } from "./overlay";

/** The focus goes back to where it was once what holds it now is closed, unless something else took it. */
export function useFocusBack(): void {
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    return () => setTimeout(() => {
      if (document.activeElement !== document.body && document.activeElement !== null) return;
      if (before !== document.body && before?.isConnected) before.focus({ preventScroll: true });
      else document.querySelector<HTMLElement>(".row[tabindex='0']")?.focus({ preventScroll: true });
    });
  }, []);
}

interface DialogProps {
  title: string;
  /** What was tapped to open it. The button that does the thing won't lie there: a double tap must not do it. */
  tapped?: Anchor;
  close(): void;
  children: ComponentChildren;
}

export function Dialog({ title, tapped, close, children }: DialogProps) {
  const el = useRef<HTMLDialogElement>(null);
  useFocusBack();
  useEffect(() => {
    const dialog = el.current!;
    dialog.showModal();
    const submit = tapped && dialog.querySelector<HTMLElement>("[type=submit]");
    if (!submit) return;
    const away = () => awayFrom(tapped, submit.getBoundingClientRect(), dialog.getBoundingClientRect());
    let by = away();
    if (by === null) {
      dialog.classList.add("tight"); // a small screen: the quote makes room
      by = away();
    }
    if (by) dialog.style.translate = `0 ${by}px`;
  }, []);
  return (
    <dialog
      ref={el} aria-labelledby="dialog-title" onCancel={(event) => { event.preventDefault(); close(); }}
      onPointerDown={(event) => event.target === el.current && close()}
      onKeyDown={(event) => event.repeat && event.key === "Enter" && event.preventDefault()}
    >
      <div class="dialog-body">
        <h2 id="dialog-title" dir="auto">{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

const gap = 8;

/** How far down (negative: up) a dialog must go for its button not to lie where the tap was; null: it can't. */
function awayFrom(tapped: Anchor, button: DOMRect, dialog: DOMRect): number | null {
  if (button.bottom < tapped.top - gap || button.top > tapped.bottom + gap) return 0;
  const up = tapped.top - gap - button.bottom;
  const down = tapped.bottom + gap - button.top;
  if (dialog.top + up >= gap) return up;
  return dialog.bottom + down <= window.innerHeight - gap ? down : null;
}

interface ButtonsProps {
  close(): void;
  label: string;
  danger?: boolean;
  /** The focus starts on the way out. */
  careful?: boolean;
  busy?: boolean;
}

export function Buttons({ close, label, danger, careful, busy }: ButtonsProps) {
  return (
    <div class="dialog-buttons">
      <button type="button" class="button" autofocus={careful} onClick={close}>{t("cancel")}</button>
      <button type="submit" class={`button ${danger ? "danger" : "primary"}`} disabled={busy}>{label}</button>
    </div>
  );
}
