// src/sdk/backoff.ts
var e = class {
	random;
	firstMs;
	mostMs;
	#e = 0;
	constructor(e, t = 500, n = 3e4) {
		this.random = e, this.firstMs = t, this.mostMs = n;
	}
	get attempt() {
		return this.#e;
	}
	next(e = 0) {
		let t = Math.min(this.mostMs, this.firstMs * 2 ** this.#e++);
		return e > 0 ? e + this.random() * Math.min(t, e / 2) : t / 2 + this.random() * t / 2;
	}
	reset() {
		this.#e = 0;
	}
};
function t(e, t) {
	let r = n(t);
	return {
		again: e < 4500 || e > 4999,
		code: r.code ?? `closed_${e}`,
		retryAfterMs: r.retry_after_ms
	};
}
function n(e) {
	try {
		let t = JSON.parse(e);
		return typeof t == "object" && t ? t : {};
	} catch {
		return {};
	}
}
// src/sdk/emitter.ts
var r = class {
	#e = /* @__PURE__ */ new Map();
	on(e, t) {
		let n = this.#e.get(e);
		return n || this.#e.set(e, n = /* @__PURE__ */ new Set()), n.add(t), () => n.delete(t);
	}
	emit(e, t) {
		for (let n of [...this.#e.get(e) ?? []]) n(t);
	}
};
// src/sdk/environment.ts
function i() {
	return {
		WebSocket: globalThis.WebSocket,
		now: () => Date.now(),
		random: () => Math.random(),
		setTimeout: (e, t) => globalThis.setTimeout(e, t),
		clearTimeout: (e) => globalThis.clearTimeout(e),
		randomId: () => {
			let e = globalThis.crypto.getRandomValues(/* @__PURE__ */ new Uint8Array(12));
			return Array.from(e, (e) => e.toString(16).padStart(2, "0")).join("");
		},
		onReturn: (e) => {
			let t = globalThis.document;
			if (!t) return () => {};
			let n = () => t.visibilityState === "visible" && e();
			return t.addEventListener("visibilitychange", n), globalThis.addEventListener("online", e), globalThis.addEventListener("pageshow", e), () => {
				t.removeEventListener("visibilitychange", n), globalThis.removeEventListener("online", e), globalThis.removeEventListener("pageshow", e);
			};
		}
	};
}
// src/sdk/refusal.ts
var a = class e extends Error {
	code;
	retryAfterMs;
	until;
	room;
	name = "Refusal";
	constructor(e, t, n, r, i) {
		super(t || e), this.code = e, this.retryAfterMs = n, this.until = r, this.room = i;
	}
	static of(t) {
		let n = t.until ? new Date(t.until) : void 0;
		return new e(t.code, t.message, t.retry_after_ms, n, t.room);
	}
}, o = () => new a("disconnected", "The connection was lost before the answer came."), s = () => new a("timeout", "The server did not answer in time."), c = () => new a("stopped", "The connection is closed for good."), l = /* @__PURE__ */ new Set([
	"busy",
	"going_away",
	"internal",
	"not_in_time",
	"outcome_unknown",
	"rate_limited",
	"sign_in_unavailable",
	"stopping",
	"store_unavailable"
]);
function u(e) {
	return l.has(e);
}
var d = /* @__PURE__ */ new Set([
	"busy",
	"disconnected",
	"outcome_unknown",
	"stopping",
	"store_unavailable",
	"timeout"
]);
function f(e) {
	return d.has(e);
}
function p(e) {
	return /^(?:guest_)?token_(?:invalid|expired)$/.test(e);
}
// src/sdk/requests.ts
var m = class {
	env;
	patienceMs;
	#e = /* @__PURE__ */ new Map();
	#t = 0;
	constructor(e, t) {
		this.env = e, this.patienceMs = t;
	}
	add(e, t, n) {
		let r = String(++this.#t), i, o = new Promise((o, c) => {
			let l = this.env.setTimeout(() => i.settle(s()), this.patienceMs);
			i = {
				id: r,
				room: t,
				repeatable: n,
				frame: {
					...e,
					id: r
				},
				sent: !1,
				settle: (e) => {
					this.env.clearTimeout(l), this.#e.delete(r), e instanceof a ? c(e) : o(e);
				}
			};
		});
		return this.#e.set(r, i), [i, o];
	}
	answer(e) {
		let t = e.id === void 0 ? void 0 : this.#e.get(e.id);
		return t?.settle(e.type === "ack" ? e : a.of(e)), t !== void 0;
	}
	unsent(e) {
		return [...this.#e.values()].filter((t) => !t.sent && t.room === e);
	}
	cut() {
		for (let e of [...this.#e.values()]) e.sent && (e.repeatable ? e.sent = !1 : e.settle(o()));
	}
	abandon(e) {
		for (let t of [...this.#e.values()]) (e === void 0 || t.room === e) && t.settle(c());
	}
}, h = 16, g = class {
	env;
	send;
	position;
	changed;
	#e = [];
	#t;
	constructor(e, t, n, r) {
		this.env = e, this.send = t, this.position = n, this.changed = r;
	}
	get entries() {
		return this.#e;
	}
	add(e) {
		this.#o([...this.#e, e]), this.flush();
	}
	flush() {
		let e = this.#e.filter((e) => e.state === "sent").length;
		for (let t of this.#e) {
			if (t.state !== "waiting") continue;
			if (e >= h) return;
			let n = this.send(t);
			if (!n) return;
			e++, this.#a(t.nonce, { state: "sent" }), n.then((e) => this.#n(t.nonce, e), (e) => this.#r(t.nonce, e));
		}
	}
	seen() {
		let e = this.#e.filter((e) => e.state !== "stored" || e.seq > this.position());
		e.length !== this.#e.length && this.#o(e);
	}
	retry(e) {
		this.#a(e, {
			state: "waiting",
			refusal: void 0
		}), this.flush();
	}
	discard(e) {
		this.#o(this.#e.filter((t) => t.nonce !== e));
	}
	stop() {
		this.env.clearTimeout(this.#t);
	}
	#n(e, t) {
		this.#a(e, {
			state: "stored",
			seq: t.seq
		}), this.seen(), this.flush();
	}
	#r(e, t) {
		f(t.code) ? (this.#a(e, { state: "waiting" }), t.code !== "disconnected" && this.#i(t.retryAfterMs ?? 1e3)) : (this.#a(e, {
			state: "refused",
			refusal: t
		}), this.flush());
	}
	#i(e) {
		this.env.clearTimeout(this.#t), this.#t = this.env.setTimeout(() => this.flush(), e);
	}
	#a(e, t) {
		this.#o(this.#e.map((n) => n.nonce === e ? {
			...n,
			...t
		} : n));
	}
	#o(e) {
		this.#e = e, this.changed();
	}
};
function _(e) {
	return e.refusal !== void 0 && (u(e.refusal.code) || e.refusal.retryAfterMs !== void 0);
}
// src/sdk/state.ts
var v = {
	title: "",
	topic: "",
	min_length: 1,
	max_length: 500,
	history: 100,
	retain_count: 0,
	retain_seconds: 0,
	slow_mode_seconds: 0,
	read_only: !1,
	closed: !1,
	guests: "write",
	members_limit: 0,
	allowed_sites: []
}, y = {
	epoch: "",
	seq: 0,
	settings: v,
	rights: {
		post: !1,
		moderate: !1
	},
	members: /* @__PURE__ */ new Map(),
	count: 0,
	messages: [],
	moreBefore: !1,
	past: null,
	pins: [],
	reacted: /* @__PURE__ */ new Map(),
	read: 0,
	replay: null
};
function b(e, t) {
	let n = {
		epoch: t.epoch,
		settings: {
			...v,
			...t.settings
		},
		rights: t.rights,
		members: new Map((t.members ?? []).map((e) => [e.id, e])),
		count: t.count,
		read: Math.max(t.read ?? 0, t.recovered ? e.read : 0)
	};
	if (t.recovered) {
		let r = t.replay ?? 0;
		return {
			...e,
			...n,
			pins: t.pins ?? e.pins,
			reacted: B(e.reacted, t.reacted),
			seq: r > 0 ? e.seq : Math.max(e.seq, t.seq),
			replay: r > 0 ? {
				left: r,
				seq: t.seq
			} : null
		};
	}
	let r = z(t.history ?? []);
	return {
		...y,
		...n,
		seq: t.seq,
		messages: r,
		pins: t.pins ?? [],
		reacted: B(/* @__PURE__ */ new Map(), t.reacted),
		moreBefore: r.length >= n.settings.history
	};
}
function x(e, t) {
	let n = t.seq > e.seq ? {
		...S(e, t),
		seq: t.seq
	} : e;
	if (!n.replay) return n;
	let r = n.replay.left - 1;
	return r > 0 ? {
		...n,
		replay: {
			...n.replay,
			left: r
		}
	} : {
		...n,
		seq: Math.max(n.seq, n.replay.seq),
		replay: null
	};
}
function S(e, t) {
	switch (t.type) {
		case "message": return {
			...e,
			messages: L(e.messages, t.message)
		};
		case "edited": return C(e, t.message);
		case "deleted": return w(e, new Set(t.message_ids));
		case "restored": return T(e, t.messages);
		case "reaction": return F(e, (e) => e.id === t.message_id ? {
			...e,
			reactions: t.reactions ?? []
		} : e);
		case "room": return E(e, t.settings ?? {}, t.pins);
	}
}
function C(e, t) {
	return F(e, (e) => e.id === t.id ? t : e.reply_to?.id === t.id ? P(e, N(t)) : e);
}
function w(e, t) {
	let n = (e) => e.filter((e) => !t.has(e.id)), r = e.past && {
		...e.past,
		messages: n(e.past.messages)
	};
	return F({
		...e,
		messages: n(e.messages),
		past: r,
		pins: n(e.pins)
	}, (e) => e.reply_to && t.has(e.reply_to.id) ? P(e, {
		...e.reply_to,
		excerpt: ""
	}) : e);
}
function T(e, t) {
	let n = new Map(t.map((e) => [e.id, e])), r = e.moreBefore ? e.messages[0]?.seq ?? Infinity : 0, i = e.messages, a = e.past;
	for (let e of t) {
		e.seq >= r && (i = L(i, e));
		let [t, n] = [a?.messages[0], a?.messages.at(-1)];
		a && t && n && e.seq > t.seq && e.seq < n.seq && (a = {
			...a,
			messages: L(a.messages, e)
		});
	}
	return F({
		...e,
		messages: i,
		past: a
	}, (e) => {
		let t = e.reply_to && n.get(e.reply_to.id);
		return t ? P(e, N(t)) : e;
	});
}
function E(e, t, n) {
	let r = {
		...e.settings,
		...t
	};
	return {
		...e,
		settings: r,
		pins: n ?? e.pins,
		rights: D(r, e.rights)
	};
}
function D(e, t) {
	return t.moderate ? t : e.read_only && t.post ? {
		...t,
		post: !1,
		refused: {
			code: "room_read_only",
			message: "Only moderators write in this room."
		}
	} : !e.read_only && t.refused?.code === "room_read_only" ? {
		post: !0,
		moderate: !1
	} : t;
}
function O(e, t) {
	let n = B(e.reacted, t.reacted), r = z(t.messages), [i, a] = [r[0], r.at(-1)];
	if (!i || !a) {
		let r = e.past && {
			...e.past,
			moreBefore: t.more_before && e.past.moreBefore
		};
		return {
			...e,
			reacted: n,
			past: r,
			moreBefore: e.past ? e.moreBefore : t.more_before
		};
	}
	let o = e.messages[0];
	if (!t.more_after || o && a.seq >= o.seq) {
		let a = R(e.messages, r), s = !o || i.seq < o.seq ? t.more_before : e.moreBefore;
		return {
			...e,
			reacted: n,
			messages: a,
			moreBefore: s,
			past: null
		};
	}
	let s = e.past, [c, l] = [s?.messages[0], s?.messages.at(-1)];
	return s && c && l && i.seq <= l.seq && a.seq >= c.seq ? {
		...e,
		reacted: n,
		past: {
			messages: R(s.messages, r),
			moreBefore: i.seq < c.seq ? t.more_before : s.moreBefore,
			moreAfter: a.seq > l.seq ? t.more_after : s.moreAfter
		}
	} : {
		...e,
		reacted: n,
		past: {
			messages: r,
			moreBefore: t.more_before,
			moreAfter: t.more_after
		}
	};
}
function k(e, t, n) {
	let r = B(e.reacted, t.reacted);
	if (e.past && e.past.messages[0]?.seq === n) {
		let n = {
			...e.past,
			messages: R(e.past.messages, t.messages),
			moreBefore: t.more_before
		};
		return {
			...e,
			reacted: r,
			past: n
		};
	}
	return (e.messages[0]?.seq ?? n) === n ? {
		...e,
		reacted: r,
		messages: R(e.messages, t.messages),
		moreBefore: t.more_before
	} : e;
}
function A(e, t) {
	return e.messages.length <= t ? e : {
		...e,
		messages: e.messages.slice(-t),
		moreBefore: !0
	};
}
function j(e, t, n, r) {
	let i = (e.reacted.get(t) ?? []).filter((e) => e !== n);
	return {
		...e,
		reacted: new Map(e.reacted).set(t, r ? [...i, n] : i)
	};
}
function M(e) {
	let t = Array.from(e);
	return t.length > 120 ? t.slice(0, 120).join("") : e;
}
function N(e) {
	return {
		id: e.id,
		from: e.from,
		excerpt: M(e.text)
	};
}
function P(e, t) {
	return {
		...e,
		reply_to: t
	};
}
function F(e, t) {
	return {
		...e,
		messages: I(e.messages, t),
		pins: I(e.pins, t),
		past: e.past && {
			...e.past,
			messages: I(e.past.messages, t)
		}
	};
}
function I(e, t) {
	let n = e.map(t);
	return n.some((t, n) => t !== e[n]) ? n : e;
}
function L(e, t) {
	let n = e.at(-1);
	return !n || n.seq < t.seq ? [...e, t] : R(e, [t]);
}
function R(e, t) {
	let n = new Map(e.map((e) => [e.seq, e]));
	for (let e of t) n.set(e.seq, e);
	return z([...n.values()]);
}
function z(e) {
	return [...e].sort((e, t) => e.seq - t.seq);
}
function B(e, t) {
	return t ? new Map([...e, ...Object.entries(t)]) : e;
}
// src/sdk/wire.ts
var V = /* @__PURE__ */ new Set([
	"message",
	"edited",
	"deleted",
	"restored",
	"reaction",
	"room"
]);
function H(e) {
	return V.has(e.type);
}
// src/sdk/room.ts
var U = 5e3, W = 3e3, G = 3e3, K = class extends r {
	name;
	env;
	line;
	#e = y;
	#t = "joining";
	#n = null;
	#r = /* @__PURE__ */ new Map();
	#i = -Infinity;
	#a = /* @__PURE__ */ new Set();
	#o;
	constructor(e, t, n) {
		super(), this.name = e, this.env = t, this.line = n, this.#o = new g(t, (e) => this.#t === "joined" ? this.#f(e) : null, () => this.#e.seq, () => this.emit("change", this));
	}
	get state() {
		return this.#e;
	}
	get phase() {
		return this.#t;
	}
	get refusal() {
		return this.#n;
	}
	get pending() {
		return this.#o.entries;
	}
	get typing() {
		return [...this.#r.values()].map((e) => e.user);
	}
	get position() {
		return this.#e.epoch ? {
			epoch: this.#e.epoch,
			seq: this.#e.seq
		} : void 0;
	}
	post(e, t, n = this.env.randomId()) {
		return this.#o.add({
			nonce: n,
			text: e,
			replyTo: t,
			at: this.env.now(),
			state: "waiting"
		}), n;
	}
	retry(e) {
		this.#o.retry(e);
	}
	discard(e) {
		this.#o.discard(e);
	}
	edit(e, t) {
		return this.#m({
			type: "edit",
			message_id: e,
			text: t
		});
	}
	delete(...e) {
		return this.#m({
			type: "delete",
			message_ids: e
		});
	}
	restore(...e) {
		return this.#m({
			type: "restore",
			message_ids: e
		});
	}
	pin(e, t) {
		return this.#m({
			type: "pin",
			message_id: e,
			on: t
		});
	}
	set(e) {
		return this.#m({
			type: "set",
			settings: e
		});
	}
	async react(e, t, n) {
		await this.#m({
			type: "react",
			message_id: e,
			emoji: t,
			on: n
		}), this.#h(j(this.#e, e, t, n));
	}
	sanction(e, t, n, r) {
		return this.line.request({
			type: "sanction",
			room: this.name,
			user: e,
			effect: t,
			seconds: n,
			reason: r
		}, this.name, !1);
	}
	lift(e) {
		return this.#m({
			type: "lift",
			sanction_id: e
		});
	}
	async members(e = 500) {
		return await this.#m({
			type: "members",
			limit: e
		});
	}
	async loadOlder(e = 50) {
		let t = (this.#e.past ?? this.#e).messages[0]?.seq ?? this.#e.seq + 1, n = await this.#p({
			before: t,
			limit: e
		});
		this.#h(k(this.#e, n, t));
	}
	async loadAround(e, t = 50) {
		this.#h(O(this.#e, await this.#p({
			around: e,
			limit: t
		})));
	}
	async loadNewer(e = 100) {
		let t = this.#e.past?.messages.at(-1);
		t && await this.loadAround(t.id, e);
	}
	showNewest() {
		this.#e.past && this.#h({
			...this.#e,
			past: null
		});
	}
	trim(e) {
		let t = A(this.#e, e);
		t !== this.#e && this.#h(t);
	}
	sendTyping() {
		let e = this.env.now();
		e - this.#i < W || this.#t !== "joined" || (this.#i = e, this.line.sendNow({
			type: "typing",
			room: this.name
		}, this.name)?.catch(() => {}));
	}
	markRead(e) {
		e <= this.#e.read || (this.#e = {
			...this.#e,
			read: e
		}, this.line.sendNow({
			type: "read",
			room: this.name,
			seq: e
		}, this.name)?.catch(() => {}));
	}
	leave() {
		this.#_(), this.line.leave(this);
	}
	rejoin() {
		this.#t = "joining", this.#n = null, this.line.join(this), this.emit("change", this);
	}
	receive(e) {
		if (H(e)) return this.#c(e);
		switch (e.type) {
			case "joined": return this.#s(e);
			case "left": return this.refuse(new a(e.code, e.message, void 0, void 0, e.room));
			case "presence": {
				let t = new Map(this.#e.members);
				for (let n of e.joined ?? []) t.set(n.id, n);
				for (let n of e.left ?? []) t.delete(typeof n == "string" ? n : n.id);
				return this.#h({
					...this.#e,
					members: t,
					count: e.count
				});
			}
			case "typing": return this.#d(e.users);
			case "muted":
			case "unmuted":
			case "banned": return this.#l(e), this.emit("sanction", e);
			case "notice": return this.emit("notice", e.text);
		}
	}
	cut() {
		this.#t === "joined" && (this.#t = "joining"), this.#e = {
			...this.#e,
			replay: null
		}, this.#r.clear(), this.emit("change", this);
	}
	refuse(e) {
		this.#t = "refused", this.#n = e, this.emit("change", this);
	}
	joinRefused(e) {
		if (u(e.code)) return e.retryAfterMs ?? 2e3;
		this.refuse(e);
	}
	heard(e) {
		if (this.#t === "joined") {
			if (e.epoch !== this.#e.epoch) return this.line.join(this);
			e.seq <= this.#e.seq || this.#g(G, () => {
				this.#t === "joined" && e.epoch === this.#e.epoch && e.seq > this.#e.seq && this.line.join(this);
			});
		}
	}
	dispose() {
		this.#_();
	}
	#s(e) {
		this.#t = "joined", this.#n = null, this.#h(b(this.#e, e)), this.#o.seen(), this.#o.flush(), this.#u();
	}
	#c(e) {
		let t = e.seq > this.#e.seq;
		e.type === "message" && this.#r.delete(e.message.from.id), this.#h(x(this.#e, e)), this.#o.seen(), t && e.type === "message" && this.emit("message", e.message);
	}
	#l(e) {
		let { rights: t, settings: n } = this.#e;
		if (e.type === "muted") {
			let n = {
				code: "muted",
				message: e.reason ?? "",
				until: e.until
			};
			this.#h({
				...this.#e,
				rights: {
					...t,
					post: !1,
					refused: n
				}
			}), this.#u();
		} else if (e.type === "unmuted") {
			let e = t.moderate || !n.read_only, r = e ? void 0 : {
				code: "room_read_only",
				message: ""
			};
			this.#h({
				...this.#e,
				rights: {
					...t,
					post: e,
					refused: r
				}
			});
		}
	}
	#u() {
		let { refused: e } = this.#e.rights;
		if (e?.code !== "muted" || !e.until) return;
		let t = Date.parse(e.until) - this.env.now() + 250;
		t > 864e5 || this.#g(Math.max(t, 1e3), () => {
			this.#t === "joined" && this.#e.rights.refused === e && this.line.join(this);
		});
	}
	#d(e) {
		let t = this.env.now() + U, n = this.line.user()?.id;
		for (let r of e) r.id !== n && this.#r.set(r.id, {
			user: r,
			until: t
		});
		this.emit("change", this), this.#g(5050, () => {
			let e = this.env.now();
			for (let [t, n] of this.#r) n.until <= e && this.#r.delete(t);
			this.emit("change", this);
		});
	}
	#f(e) {
		let t = {
			type: "post",
			room: this.name,
			text: e.text,
			nonce: e.nonce
		};
		return e.replyTo && (t.reply_to = e.replyTo), this.line.sendNow(t, this.name);
	}
	async #p(e) {
		return await this.#m({
			type: "history",
			...e
		});
	}
	#m(e) {
		return this.line.request({
			...e,
			room: this.name
		}, this.name, !0);
	}
	#h(e) {
		this.#e = e, this.emit("change", this);
	}
	#g(e, t) {
		let n = this.env.setTimeout(() => {
			this.#a.delete(n), t();
		}, e);
		this.#a.add(n);
	}
	#_() {
		for (let e of this.#a) this.env.clearTimeout(e);
		this.#a.clear(), this.#o.stop();
	}
}, q = 1e4, J = 800, Y = 1500, X = 5e3, Z = 2e4, Q = 15e3, $ = class extends r {
	options;
	#e;
	#t;
	#n;
	#r = /* @__PURE__ */ new Map();
	#i = null;
	#a = { state: "connecting" };
	#o = null;
	#s = {};
	#c = 0;
	#l = null;
	#u;
	#d = null;
	#f = null;
	#p = Q;
	#m = 0;
	#h = 0;
	#g = Infinity;
	#_;
	#v;
	#y;
	constructor(t = {}) {
		super(), this.options = t, this.#e = {
			...i(),
			...t.environment
		}, this.#t = new e(this.#e.random), this.#n = new m(this.#e, Z), this.#u = t.guestToken ?? null, this.#y = this.#e.onReturn(() => this.check()), this.#S("connect");
	}
	get status() {
		return this.#a;
	}
	get user() {
		return this.#o;
	}
	get limits() {
		return this.#s;
	}
	get clockOffset() {
		return this.#c;
	}
	join(e) {
		let t = this.#r.get(e);
		return t || (t = new K(e, this.#e, this.#x), this.#r.set(e, t), this.#j(t)), t;
	}
	async rename(e) {
		return this.#k({ name: e });
	}
	async setToken(e) {
		if (this.#l = e, this.#a.state !== "open" || !this.#o) return this.#R();
		try {
			await this.#k({ token: e });
		} catch {
			this.#R();
		}
	}
	check() {
		let e = this.#e.now();
		switch (this.#a.state) {
			case "waiting":
				this.#S("connect");
				return;
			case "connecting": return this.#b(J, () => this.#a.state !== "connecting");
			case "open":
				if (e - this.#m < Y) return;
				for (let e of this.#r.values()) e.phase === "joined" && this.#j(e);
				return this.#b(J, () => this.#m >= e);
		}
	}
	#b(e, t) {
		let n = this.#i;
		!n || this.#v || (this.#v = this.#e.setTimeout(() => {
			this.#v = void 0, this.#i === n && !t() && this.#L("not_in_time", 0);
		}, e));
	}
	retry() {
		if (this.#a.state === "stopped") {
			this.#f = this.#a.refusal, this.#d = null, this.#t.reset();
			for (let e of this.#r.values()) e.rejoin();
			this.#S(this.#a.refusal.code.startsWith("token_") ? "expired" : "connect");
		}
	}
	close() {
		this.#V(new a("stopped", "Closed by this page."));
		for (let e of this.#r.values()) e.dispose();
		this.#r.clear(), this.#y();
	}
	#x = {
		sendNow: (e, t) => {
			if (this.#a.state !== "open" || this.#r.get(t)?.phase !== "joined") return null;
			let [n, r] = this.#n.add(e, t, !1);
			return this.#N(n.frame), n.sent = !0, r;
		},
		request: (e, t, n) => {
			let [r, i] = this.#n.add(e, t, n);
			return this.#r.get(t)?.phase === "joined" ? (r.sent = !0, this.#N(r.frame)) : this.#r.get(t)?.phase === "refused" && this.#n.abandon(t), i;
		},
		join: (e) => this.#j(e),
		leave: (e) => {
			this.#r.delete(e.name), this.#n.abandon(e.name), this.#a.state === "open" && this.#N({
				type: "leave",
				id: `leave-${this.#e.randomId()}`,
				room: e.name
			});
		},
		user: () => this.#o
	};
	async #S(e) {
		this.#H(), this.#U({ state: "connecting" });
		let t = this.#h = this.#e.now();
		if (this.options.getToken && (e === "expired" || this.#l === null)) {
			let n = await this.#C(e);
			if (this.#a.state !== "connecting" || this.#h !== t || this.#i) return;
			if (e === "expired" && (n === null || n === this.#d)) return this.#V(this.#f ?? new a("token_expired", "Your sign-in has expired. Sign in again."));
			this.#l = n, e === "expired" && (this.#d = n);
		}
		this.#w();
	}
	async #C(e) {
		try {
			return await this.options.getToken?.(e) ?? null;
		} catch {
			return null;
		}
	}
	#w() {
		this.#f = null, this.#g = Infinity;
		let e = new this.#e.WebSocket(this.#T(), ["chatd.v1"]);
		this.#i = e, this.#_ = this.#e.setTimeout(() => this.#L("not_in_time"), q), e.onmessage = (e) => this.#E(String(e.data)), e.onclose = (e) => this.#F(e.code, e.reason);
	}
	#T() {
		let e = new URL(String(this.options.url ?? globalThis.location.href)), t = new URL("ws", e);
		t.protocol = e.protocol === "https:" || e.protocol === "wss:" ? "wss:" : "ws:", t.hash = "", t.search = "";
		let n = this.#l ?? this.#u;
		return n ? t.searchParams.set("token", n) : this.options.name && t.searchParams.set("name", this.options.name), t.href;
	}
	#E(e) {
		this.#m = this.#e.now();
		let t;
		try {
			t = JSON.parse(e);
		} catch {
			return;
		}
		switch (this.emit("frame", t), t.type) {
			case "welcome": return this.#D(t);
			case "ack":
				this.#n.answer(t);
				return;
			case "error":
				t.id === void 0 && (this.#f = a.of(t)), this.#n.answer(t);
				return;
			case "heartbeat":
				for (let [e, n] of Object.entries(t.positions ?? {})) this.#r.get(e)?.heard(n);
				return;
			case "expiring":
				this.#A();
				return;
			case "notice": if (t.room === void 0) return this.emit("notice", t.text);
		}
		if ("room" in t && t.room !== void 0) this.#r.get(t.room)?.receive(t), t.type === "joined" && this.#M(t.room);
		else for (let e of this.#r.values()) e.receive(t);
	}
	#D(e) {
		this.#e.clearTimeout(this.#_), this.#g = this.#e.now(), this.#p = e.heartbeat_ms || Q, this.#s = e.limits ?? {}, this.#c = Date.parse(e.server_time) - this.#e.now() || 0, this.#O(e), this.#U({ state: "open" });
		for (let e of this.#r.values()) this.#j(e);
		this.#P();
	}
	#O(e) {
		e.guest_token && e.guest_token !== this.#u && (this.#u = e.guest_token, this.emit("guesttoken", e.guest_token)), this.#o = e.user, this.emit("user", e.user);
	}
	async #k(e) {
		let [t, n] = this.#n.add({
			type: "auth",
			...e
		}, void 0, !1);
		this.#a.state === "open" ? (t.sent = !0, this.#N(t.frame)) : t.settle(new a("disconnected", "There is no connection."));
		let r = await n;
		return this.#O(r), r.user;
	}
	async #A() {
		let e = await this.#C("expiring");
		e && e !== this.#l && await this.setToken(e);
	}
	#j(e) {
		if (this.#a.state !== "open") return;
		let t = {
			type: "join",
			room: e.name
		};
		e.position && (t.since = e.position);
		let [n, r] = this.#n.add(t, void 0, !1);
		n.sent = !0, this.#N(n.frame);
		let i = this.#i;
		r.catch((t) => {
			if (this.#i !== i || this.#r.get(e.name) !== e) return;
			if (t.code === "timeout") return this.#L("not_in_time");
			if (t.code === "disconnected" || t.code === "stopped") return;
			let n = e.joinRefused(t);
			if (n === void 0) return this.#n.abandon(e.name);
			this.#e.setTimeout(() => this.#i === i && this.#j(e), n * (1 + this.#e.random() / 4));
		});
	}
	#M(e) {
		for (let t of this.#n.unsent(e)) t.sent = !0, this.#N(t.frame);
	}
	#N(e) {
		this.#i?.readyState === 1 && this.#i.send(JSON.stringify(e));
	}
	#P() {
		let e = this.#p + Math.max(2e3, this.#p / 2), t = this.#e.now() - this.#m;
		if (t >= e) return this.#L("not_in_time");
		this.#_ = this.#e.setTimeout(() => this.#P(), Math.min(e - t, this.#p));
	}
	#F(e, n) {
		let r = t(e, n), i = this.#f;
		if (this.#z(), r.again && r.code !== "token_expired") return this.#B(r.code, r.retryAfterMs ?? i?.retryAfterMs);
		if (r.code === "token_expired" && this.#l !== null && this.options.getToken) return void this.#S("expired");
		if (this.#I(r.code)) return void this.#S("connect");
		this.#V(i ?? new a(r.code, ""));
	}
	#I(e) {
		return this.#l !== null || this.#u === null || !p(e) ? !1 : (this.#u = null, this.emit("guesttoken", null), !0);
	}
	#L(e, t) {
		this.#z(), t === 0 ? this.#S("connect") : this.#B(e);
	}
	#R() {
		if (this.#a.state === "stopped") return this.retry();
		this.#z(), this.#S("connect");
	}
	#z() {
		this.#H();
		let e = this.#i;
		if (this.#i = null, e) {
			e.onmessage = e.onclose = null;
			try {
				e.close();
			} catch {}
		}
		this.#n.cut();
		for (let e of this.#r.values()) e.cut();
	}
	#B(e, t) {
		this.#e.now() - this.#g > X && this.#t.reset(), this.#g = Infinity;
		let n = this.#t.next(t);
		this.#U({
			state: "waiting",
			at: this.#e.now() + n,
			code: e
		}), this.#_ = this.#e.setTimeout(() => void this.#S("connect"), n);
	}
	#V(e) {
		this.#z(), this.#U({
			state: "stopped",
			refusal: e
		}), this.#n.abandon();
		for (let t of this.#r.values()) t.phase !== "refused" && t.refuse(e);
	}
	#H() {
		this.#e.clearTimeout(this.#_), this.#e.clearTimeout(this.#v), this.#_ = this.#v = void 0;
	}
	#U(e) {
		this.#a = e, this.emit("status", e);
	}
};
export { $ as Chatd, a as Refusal, K as Room, x as applyEvent, O as applyHistory, b as applyJoined, k as applyOlder, j as applyReacted, y as emptyRoom, M as excerpt, _ as mayRetry, u as passes, A as trim };
