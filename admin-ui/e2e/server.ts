import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server as HTTPServer } from "node:http";
import { type AddressInfo, connect, createServer as createTCP, type Server as TCPServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const secret = "a-secret-of-the-tests-0123456789-0123456789";
export const apiKey = "a-key-of-the-tests-0123456789";

/** A chatd of one's own, on a free port, with its data in a temporary folder. */
export class Server {
  #process?: ChildProcess;
  #data = mkdtempSync(join(tmpdir(), "chatd-data-"));
  url = "";

  static async start(program: string, settings: Record<string, string> = {}): Promise<Server> {
    const server = new Server();
    const env = {
      PATH: process.env.PATH, CHATD_ADDR: "127.0.0.1:0", CHATD_DATA_DIR: server.#data, CHATD_API_KEY: apiKey, CHATD_JWT_SECRET: secret,
      CHATD_ADMIN_PASSWORD: "correct horse battery", CHATD_DURABILITY: "process",
      CHATD_RATE_CONNECTIONS_ADDRESS: "off", CHATD_RATE_JOINS_ADDRESS: "off", CHATD_RATE_NEW_ROOMS_ADDRESS: "off",
      CHATD_RATE_MESSAGES_ADDRESS: "off", CHATD_RATE_MESSAGES_USER: "off", CHATD_RATE_ACTIONS_USER: "off",
      ...settings,
    };
    const child = spawn(program, { env, stdio: ["ignore", "pipe", "pipe"], cwd: server.#data });
    server.#process = child;
    let told = "";
    server.url = await new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        told += chunk.toString();
        const url = /^ +Chat +(http\S+)\/$/m.exec(told)?.[1];
        if (url) resolve(url);
      };
      child.stdout!.on("data", hear);
      child.stderr!.on("data", hear);
      child.on("exit", (code) => reject(new Error(`chatd ended with ${code}:\n${told}`)));
    });
    return server;
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child && child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(this.#data, { recursive: true, force: true });
  }

  async api(method: string, path: string, body?: unknown): Promise<any> {
    const res = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await res.text();
    if (!res.ok) throw new Error(`${method} ${path}: ${res.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** Staff write in a room. */
  say(room: string, text: string): Promise<any> {
    return this.api("POST", `/rooms/${room}/messages`, { text });
  }
  set(room: string, settings: Record<string, unknown>): Promise<any> {
    return this.api("PATCH", `/rooms/${room}`, { settings });
  }
  ban(room: string, user: string, reason: string, seconds = 3600): Promise<any> {
    return this.sanction(room, user, "ban", { reason, duration_seconds: seconds });
  }
  sanction(room: string, user: string, effect: string, more: Record<string, unknown> = {}): Promise<any> {
    return this.api("POST", "/sanctions", { target: { user }, scope: room, effect, duration_seconds: 3600, ...more });
  }

  /** What the owner's site would sign for a user. */
  token(sub: string, claims: Record<string, unknown> = {}, seconds = 3600): string {
    const part = (o: unknown) => Buffer.from(JSON.stringify(o)).toString("base64url");
    const now = Math.floor(Date.now() / 1000);
    const body = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub, name: sub, iat: now - 7200, exp: now + seconds, ...claims })}`;
    return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
  }
}

/** The network between a browser and the server. */
export class Wire {
  #sockets = new Set<Socket>();
  #server!: TCPServer;
  #frozen = false;
  connections = 0;
  url = "";

  static async to(server: Server): Promise<Wire> {
    const wire = new Wire();
    const port = Number(new URL(server.url).port);
    wire.#server = createTCP((near) => {
      wire.connections++;
      const far = connect(port, "127.0.0.1");
      for (const [from, to] of [[near, far], [far, near]] as const) {
        wire.#sockets.add(from);
        from.on("data", (chunk) => !wire.#frozen && to.write(chunk));
        from.on("close", () => {
          wire.#sockets.delete(from);
          if (!wire.#frozen) to.end();
        });
        from.on("error", () => to.destroy());
      }
    });
    wire.#server.listen(0, "127.0.0.1");
    await once(wire.#server, "listening");
    wire.url = `http://127.0.0.1:${(wire.#server.address() as AddressInfo).port}`;
    return wire;
  }

  /** Nothing passes any more, and nobody is told. */
  freeze(): void {
    this.#frozen = true;
  }
  /** New connections pass; those from before stay dead. */
  thaw(): void {
    for (const s of this.#sockets) s.removeAllListeners("data").on("data", () => {});
    this.#frozen = false;
  }
  cut(): void {
    for (const s of this.#sockets) s.destroy();
  }
  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Another site, with one page. */
export class Site {
  #server!: HTTPServer;
  url = "";

  static async serve(html: string | (() => string)): Promise<Site> {
    const site = new Site();
    site.#server = createServer((_, res) => res.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(typeof html === "string" ? html : html()));
    site.#server.listen(0, "127.0.0.1");
    await once(site.#server, "listening");
    site.url = `http://localhost:${(site.#server.address() as AddressInfo).port}`;
    return site;
  }
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
