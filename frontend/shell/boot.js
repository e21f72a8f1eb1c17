// Starts the program and, during its download, the first requests of the page. This is a separate file, so that the
// page needs no inline script.

const theme = kept("holdfast.theme");
if (theme) document.documentElement.dataset.theme = theme;

// The identity with which the program would ask.
async function asker() {
    const headers = { Accept: "application/json" };
    const token = await window.holdfastAccess.token();
    if (token) headers.Authorization = `Bearer ${token}`;
    const guest = kept("holdfast.guest");
    if (guest) headers["X-Guest-Token"] = guest;
    return headers;
}

const CALL_LIMIT_MS = 30_000;

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
