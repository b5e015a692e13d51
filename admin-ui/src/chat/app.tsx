import { useEffect, useMemo, useState } from "preact/hooks";
import type { Chatd } from "../sdk";
import { JoinForm, remember } from "./join-form";
import { type Params, roomName } from "./params";
import { RoomView } from "./room-view";
import { Store } from "./store";

export function App({ params, connect }: { params: Params; connect(): Chatd }) {
  const [room, setRoom] = useState(params.room);
  useEffect(() => {
    const back = () => setRoom(new URLSearchParams(location.search).get("room"));
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const go = (to: string | null) => {
    const url = new URL(location.href);
    if (to) url.searchParams.set("room", to);
    else url.searchParams.delete("room");
    history.pushState(null, "", url);
    setRoom(to);
  };
  const valid = room !== null && roomName.test(room);
  if (!valid) return <JoinForm refused={room} join={go} />;
  return <InRoom key={room} room={room} embedded={params.embedded} connect={connect} leave={() => go(null)} />;
}

function InRoom({ room, embedded, connect, leave }: { room: string; embedded: boolean; connect(): Chatd; leave(): void }) {
  const store = useMemo(() => {
    remember(room);
    const s = new Store(connect(), room);
    s.membersOpen = !embedded && window.innerWidth >= 1100;
    return s;
  }, []);
  useEffect(() => () => store.dispose(), []);
  return <RoomView store={store} embedded={embedded} leave={leave} />;
}
