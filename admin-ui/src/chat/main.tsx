import { render } from "preact";
import { Chatd } from "../sdk";
import { App } from "./app";
import { setAccent } from "./colour";
import { Handshake } from "./handshake";
import { chooseLang, setLang } from "./i18n";
import { type Params, readParams } from "./params";
import { kept, tab } from "./storage";

const root = document.documentElement;
const params = readParams(location, root.hasAttribute("data-embed"));

const wishes = [...(navigator.languages ?? [navigator.language])];
setLang(chooseLang(params.lang, ...wishes), wishes);
if (params.theme) root.dataset.theme = params.theme;
if (params.accent) setAccent(root, params.accent);
followKeyboard();
if (params.token) hideToken(params);

let chatd: Chatd | null = null;
render(<App params={params} connect={() => (chatd ??= connect(params))} />, document.getElementById("app")!);

function connect(p: Params): Chatd {
  const handshake = p.embedded
    ? new Handshake(
        { parent: window.parent, self: window, referrer: document.referrer, ancestors: location.ancestorOrigins },
        p.origin,
        (token) => void connection.setToken(token),
      )
    : null;
  const connection = new Chatd({
    guestToken: kept.get("guest"),
    getToken: (why) => handshake?.token(why) ?? (why === "connect" ? p.token ?? tab.get("token") : null),
  });
  connection.on("guesttoken", (token) => kept.set("guest", token));
  return connection;
}

/** A token in the address must not stay there, where it could be copied or stored; a reload still knows it. */
function hideToken(p: Params): void {
  tab.set("token", p.token);
  history.replaceState(null, "", location.pathname + location.search);
}

/** Keeps the page as tall as what a phone's keyboard leaves of the screen. */
function followKeyboard(): void {
  const view = window.visualViewport;
  if (!view || !matchMedia("(pointer: coarse)").matches) return;
  const fit = () => {
    root.style.setProperty("--height", `${view.height}px`);
    window.scrollTo(0, 0);
  };
  view.addEventListener("resize", fit);
  fit();
}
