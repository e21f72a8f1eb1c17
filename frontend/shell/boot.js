// Starts the program and, during its download, the first requests of the page. This is a separate file, so that the
// page needs no inline script.

// Storage that lasts until the page is closed. It begins with what the browser's storage contains, if that can be read.
// A storage that has no room for a value can still remove the old one, which would come back with the next page.
function memory(name) {
    const values = new Map();
    let stored = null;
    try {
        stored = window[name];
        for (let at = 0; at < stored.length; at += 1) {
            values.set(stored.key(at), stored.getItem(stored.key(at)));
        }
    } catch {
        // Nothing can be read.
    }
    const remove = (key) => {
        try {
            stored.removeItem(key);
        } catch {
            // There is no storage.
        }
    };
    const write = (key, value) => {
        try {
            // The program writes again what it has read.
            if (stored.getItem(key) !== value) stored.setItem(key, value);
        } catch {
            remove(key);
        }
    };
    return {
        get length() { return values.size; },
        key: (at) => [...values.keys()][at] ?? null,
        getItem: (key) => values.get(key) ?? null,
        setItem: (key, value) => { values.set(key, value); write(key, value); },
        removeItem: (key) => { values.delete(key); remove(key); },
    };
}

// The browser may refuse storage, or have no room. The page then keeps in memory what it needs.
for (const name of ["localStorage", "sessionStorage"]) {
    try {
        window[name].setItem("holdfast.probe", "");
        window[name].removeItem("holdfast.probe");
    } catch {
        Object.defineProperty(window, name, { value: memory(name) });
    }
}

const kept = (name) => localStorage.getItem(name);

function read(json) {
    try {
        return JSON.parse(json);
    } catch {
        // The stored session is damaged, so nobody is signed in.
        return null;
    }
}

const theme = kept("holdfast.theme");
if (theme) document.documentElement.dataset.theme = theme;

const CALL_LIMIT_MS = 30_000;

// The session of a signed-in user. Storage says who is signed in, and nothing secret. The access token is in memory alone;
// a cookie that no script can read renews it. `state::session` in the front end's `ui` uses this.
const SESSION = "holdfast.session";
// There is a session that could not be ended yet.
const LEAVING = "holdfast.leaving";
// A token is renewed so long before it expires.
const EARLY_MS = 60_000;
const access = { token: null, user: null, until: 0, renewal: null };

const user = () => read(kept(SESSION))?.profile?.id ?? null;

function give(token, seconds, of) {
    Object.assign(access, { token, user: of, until: Date.now() + seconds * 1000 - EARLY_MS });
}

function keep(profile) {
    if (profile) localStorage.setItem(SESSION, JSON.stringify({ profile }));
    else localStorage.removeItem(SESSION);
    // The browser tells the other tabs.
    window.dispatchEvent(new Event("storage"));
}

const post = (path) => fetch(`/api/v1/auth/${path}`, {
    method: "POST",
    headers: { Accept: "application/json" },
    keepalive: true,
    signal: AbortSignal.timeout(CALL_LIMIT_MS),
});

// One tab after the other: each renewal needs the cookie that the one before has set.
async function inTurn(act) {
    if (!navigator.locks) return act();
    try {
        return await navigator.locks.request(SESSION, act);
    } catch (error) {
        if (error.name === "SecurityError") return act();
        throw error;
    }
}

async function renew() {
    const answer = await post("refresh");
    if (answer.status === 401) {
        give(null, 0, null);
        keep(null);
        return null;
    }
    if (!answer.ok) throw new Error(`The session is not renewed: ${answer.status}`);
    const session = await answer.json();
    give(session.access_token, session.expires_in_seconds, session.profile.id);
    // Somebody may have signed out meanwhile.
    if (user()) keep(session.profile);
    return access.token;
}

window.holdfastAccess = {
    give,
    // The access token of the signed-in user, or null when nobody is signed in.
    token() {
        if (!user()) return null;
        return access.user === user() && Date.now() < access.until ? access.token : this.renewed();
    },
    renewed() {
        access.renewal ??= inTurn(renew).finally(() => { access.renewal = null; });
        return access.renewal;
    },
    // Sends a request as the signed-in user. A token that the server refuses is renewed once.
    async send(request) {
        const under = (token) => {
            const mine = request.clone();
            if (token) mine.headers.set("Authorization", `Bearer ${token}`);
            return fetch(mine);
        };
        const token = await this.token();
        const answer = await under(token);
        const renewed = answer.status === 401 && token ? await this.renewed() : null;
        return renewed ? under(renewed) : answer;
    },
    // Ends the session. What does not succeed is tried again with the next page.
    async leave() {
        give(null, 0, null);
        const left = await inTurn(() => post("logout")).catch(() => null);
        if (!left?.ok) localStorage.setItem(LEAVING, "");
    },
};
if (kept(LEAVING) !== null) {
    localStorage.removeItem(LEAVING);
    if (!user()) window.holdfastAccess.leave();
}

// The identity with which the program would ask.
async function asker() {
    const headers = { Accept: "application/json" };
    const token = await window.holdfastAccess.token();
    if (token) headers.Authorization = `Bearer ${token}`;
    const guest = kept("holdfast.guest");
    if (guest) headers["X-Guest-Token"] = guest;
    return headers;
}

// The server names the first requests of the page; `api::first` uses their responses.
window.holdfastBegun = {};
const first = document.querySelector('meta[name="holdfast-first"]')?.content ?? "";
for (const path of first.split(" ").filter(Boolean)) {
    const answer = asker().then((headers) => fetch(`/api/v1${path}`, {
        headers,
        signal: AbortSignal.timeout(CALL_LIMIT_MS),
    }));
    // The program notices a failure when it uses the response.
    answer.catch(() => {});
    window.holdfastBegun[path] = answer;
}

import("/assets/%JS%")
    .then(({ default: init }) => init({ module_or_path: "/assets/%WASM%" }))
    .catch((error) => {
        console.error(error);
        document.querySelector(".boot-failed")?.classList.add("is-shown");
    });
