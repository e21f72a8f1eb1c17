// Starts the program, and beside its download the first requests of the page. In a file of its own, so that the page
// needs no inline script.

function kept(name) {
    try {
        return localStorage.getItem(name);
    } catch {
        // Storage is refused: nothing is kept.
        return null;
    }
}

const theme = kept("holdfast.theme");
if (theme) document.documentElement.dataset.theme = theme;

// As whom the program would ask: `state::session`, in the front end's `ui`.
function asker() {
    const headers = { Accept: "application/json" };
    const session = JSON.parse(kept("holdfast.session") ?? "null");
    if (session?.expires_at > Date.now()) headers.Authorization = `Bearer ${session.access_token}`;
    const guest = kept("holdfast.guest");
    if (guest) headers["X-Guest-Token"] = guest;
    return headers;
}

// The server names the requests that the page begins with; `api::first` takes the answers over.
const CALL_LIMIT_MS = 30_000;
window.holdfastBegun = {};
const first = document.querySelector('meta[name="holdfast-first"]')?.content ?? "";
for (const path of first.split(" ").filter(Boolean)) {
    const answer = fetch(`/api/v1${path}`, {
        headers: asker(),
        signal: AbortSignal.timeout(CALL_LIMIT_MS),
    });
    // The program hears of a failure when it takes the answer over.
    answer.catch(() => {});
    window.holdfastBegun[path] = answer;
}

import("/assets/%JS%")
    .then(({ default: init }) => init({ module_or_path: "/assets/%WASM%" }))
    .catch((error) => {
        console.error(error);
        document.querySelector(".boot-failed")?.classList.add("is-shown");
    });
