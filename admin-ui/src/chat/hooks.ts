import { useEffect, useLayoutEffect, useReducer, useState } from "preact/hooks";
import type { Store } from "./store";

/** Renders again when the store has changed: once a frame, however often that was. */
export function useStore(store: Store): Store {
  const [, render] = useReducer((n: number, _: void) => n + 1, 0);
  useLayoutEffect(() => {
    let frame = 0;
    let timer = 0;
    const now = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      frame = timer = 0;
      render();
    };
    const later = (urgent: boolean) => {
      if (urgent) return now();
      if (timer) return;
      frame = requestAnimationFrame(now);
      timer = window.setTimeout(now, 60); // hidden pages get no frames
    };
    const stop = store.subscribe(later);
    now();
    return () => {
      stop();
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [store]);
  return store;
}

/** The present, twice a second until a moment has passed. */
export function useNow(until: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (Date.now() >= until) return;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) clearInterval(timer);
    }, 500);
    setNow(Date.now());
    return () => clearInterval(timer);
  }, [until]);
  return Math.max(now, 0);
}
