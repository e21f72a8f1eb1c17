
// The stream of an event's changes. The tabs of one browser share one connection, because a browser opens only six to a
// server over HTTP/1.1: the tab that has the lock has the connection, and passes the messages on. A tab that nobody sees
// has no part in it, and the page reads the state again when it is seen again.

// How long a tab may be hidden before it leaves: somebody compares two tabs.
const HIDDEN_MS = 5_000;
// An open stream sends a message at least every 15 seconds.
const SILENT_MS = 35_000;
// A shorter interruption is not shown to the visitor.
const QUIET_MS = 2_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

// `page(kind, text)` gets the messages, and for the kind `seq` returns the number of the last change that the page
// contains.
window.holdfastStream = (address, page) => {
    const channel = new BroadcastChannel(`holdfast ${address}`);
    const timers = {};
    let source = null;
    let joined = null;
    let isOpen = null;
    let release = () => {};
    let reached = "";
    let wait = FIRST_WAIT_MS;

    const later = (name, act, ms) => {
        clearTimeout(timers[name]);
        timers[name] = setTimeout(act, ms);
    };
    const listen = () => later("silence", () => {
        hear("away", "");
        // A connection may look open although the network under it is gone.
        if (source) open();
    }, SILENT_MS);
    const hear = (kind, text) => {
        listen();
        if (isOpen !== (kind !== "away")) {
            isOpen = kind !== "away";
            page(isOpen ? "open" : "away", "");
        }
        if (text) page(kind, text);
    };
    const pass = (kind, text = "") => {
        channel.postMessage([kind, text]);
        hear(kind, text);
    };
    const shut = () => {
        source?.close();
        source = null;
        clearTimeout(timers.retry);
    };

    function open() {
        shut();
        const seq = page("seq", "");
        // The page has read the changes up to `seq`, also those of which this tab has not heard.
        reached = String(Math.max(seq, Number(reached)));
        const mine = new EventSource(address + seq);
        source = mine;
        const away = () => pass("away");
        later("away", away, QUIET_MS);
        mine.onopen = () => {
            clearTimeout(timers.away);
            wait = FIRST_WAIT_MS;
            pass("open");
            channel.postMessage(["at", reached]);
        };
        mine.onerror = () => {
            later("away", away, QUIET_MS);
            // The browser tries again by itself after a lost connection, but not after a refusal.
            if (mine.readyState === EventSource.CLOSED) {
                later("retry", open, wait);
                wait = Math.min(wait * 2, LONGEST_WAIT_MS);
            }
        };
        for (const kind of ["change", "reset", "heartbeat"]) {
            mine.addEventListener(kind, (message) => {
                reached = message.lastEventId || reached;
                pass(kind, message.data);
            });
        }
    }

    function join() {
        if (joined || document.hidden) return;
        const mine = new AbortController();
        joined = mine;
        listen();
        // Without a secure context there are no locks, and each tab has a connection of its own.
        if (!navigator.locks) {
            open();
            return;
        }
        const held = () => {
            if (joined !== mine) return null;
            open();
            return new Promise((end) => { release = end; });
        };
        navigator.locks.request(`holdfast ${address}`, { signal: mine.signal }, held).catch((error) => {
            // A tab that left before its turn is no failure. Where locks are refused, each tab has a connection of its own.
            if (error.name !== "AbortError" && joined === mine) open();
        });
        channel.postMessage(["join", ""]);
    }

    function quit() {
        joined?.abort();
        joined = null;
        release();
        shut();
        Object.values(timers).forEach(clearTimeout);
    }

    function look() {
        if (document.hidden) later("hidden", quit, HIDDEN_MS);
        else if (joined) clearTimeout(timers.hidden);
        else page("return", "");
    }

    channel.onmessage = ({ data: [kind, text] }) => {
        if (!joined) return;
        if (kind === "join") {
            if (source?.readyState !== EventSource.OPEN) return;
            channel.postMessage(["open", ""]);
            channel.postMessage(["at", reached]);
        } else if (!source) hear(kind, text);
    };
    document.addEventListener("visibilitychange", look);
    join();
    return {
        join,
        // The network is back.
        again: () => { if (source) open(); },
        close: () => {
            document.removeEventListener("visibilitychange", look);
            quit();
            channel.close();
        },
    };
};
