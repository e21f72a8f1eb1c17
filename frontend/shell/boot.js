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

// The identity with which the program would ask: see `state::session` in the front end's `ui`.
function asker() {
    const headers = { Accept: "application/json" };
    const session = read(kept("holdfast.session"));
    if (session?.expires_at > Date.now()) headers.Authorization = `Bearer ${session.access_token}`;
    const guest = kept("holdfast.guest");
    if (guest) headers["X-Guest-Token"] = guest;
    return headers;
}

// The server names the first requests of the page; `api::first` uses their responses.
const CALL_LIMIT_MS = 30_000;
window.holdfastBegun = {};
const first = document.querySelector('meta[name="holdfast-first"]')?.content ?? "";
for (const path of first.split(" ").filter(Boolean)) {
    const answer = fetch(`/api/v1${path}`, {
        headers: asker(),
        signal: AbortSignal.timeout(CALL_LIMIT_MS),
    });
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
