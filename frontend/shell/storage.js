// What the browser stores for this site. The scripts of this folder are one file for each program (`scripts/frontend.sh`).

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
