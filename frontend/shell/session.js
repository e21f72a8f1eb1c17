// The session of a signed-in user. Storage says who is signed in, and nothing secret. The access token is in memory alone;
// a cookie that no script can read renews it. `state::session` in the front end's `ui` uses this.

const SESSION = "holdfast.session";
// There is a session that is not known to have ended.
const LEAVING = "holdfast.leaving";
// A token is renewed so long before it expires.
const EARLY_MS = 60_000;
// All tries end within the ten seconds in which the server answers a replaced cookie once more.
const RENEW_MS = 4_000;
const RENEW_TRIES = 2;
// How long a tab waits for the renewals of other tabs.
const TURN_MS = 10_000;
const LEAVE_MS = 30_000;
const SIGN_IN = /\/auth\/(login|activate)$/;
// These requests say in their bodies who sends them. They work whatever became of the session.
const BY_BODY = /\/auth\/(login|register|activate(\/mail)?|password\/(forgot|reset)|email\/confirm)$/;

const access = { token: null, user: null, until: 0, changes: 0, renewal: null, leaving: null };

const user = () => read(kept(SESSION))?.profile?.id ?? null;

function give(token, seconds, of) {
    access.changes += 1;
    Object.assign(access, { token, user: of, until: Date.now() + seconds * 1000 });
}

// The token, if it is the user's and does not expire within this time.
const tokenFor = (ms) =>
    (access.user !== null && access.user === user() && Date.now() < access.until - ms ? access.token : null);

function keepProfile(profile) {
    if (profile) localStorage.setItem(SESSION, JSON.stringify({ profile }));
    else localStorage.removeItem(SESSION);
    // The browser tells the other tabs.
    window.dispatchEvent(new Event("storage"));
}

const post = (path, ms) => fetch(`/api/v1/auth/${path}`, {
    method: "POST",
    headers: { Accept: "application/json" },
    keepalive: true,
    signal: AbortSignal.timeout(ms),
});

// One tab after the other: each renewal needs the cookie that the one before has set. A tab without a turn goes on: the
// server answers both within its ten seconds.
async function inTurn(act) {
    let isBegun = false;
    const begin = () => {
        isBegun = true;
        return act();
    };
    if (!navigator.locks) return begin();
    try {
        return await navigator.locks.request(SESSION, { signal: AbortSignal.timeout(TURN_MS) }, begin);
    } catch (error) {
        if (isBegun) throw error;
        return begin();
    }
}

// An answer may be lost, or come too late: the server may have replaced the cookie all the same.
async function askedAgain() {
    let failed;
    for (let tries = 0; tries < RENEW_TRIES; tries += 1) {
        const answer = await post("refresh", RENEW_MS).catch((error) => error);
        if (answer instanceof Response && answer.status < 500) return answer;
        failed = answer;
    }
    if (failed instanceof Response) return failed;
    throw failed;
}

async function renew() {
    const before = user();
    const { changes } = access;
    const answer = await askedAgain();
    // Somebody has signed in or out meanwhile, so the answer is about another session.
    if (user() !== before || access.changes !== changes) return answer;
    if (answer.status === 401) {
        give(null, 0, null);
        keepProfile(null);
    } else if (answer.ok) {
        const session = await answer.clone().json();
        // The cookie decides who is signed in, whatever storage says.
        give(session.access_token, session.expires_in_seconds, session.profile.id);
        keepProfile(session.profile);
    }
    return answer;
}

// Whether the server refuses the access token, and nothing else.
async function isOfTheToken(answer) {
    const problem = await answer.clone().json().catch(() => null);
    return problem?.errors?.some(({ field }) => field === "Authorization") ?? false;
}

window.holdfastAccess = {
    give,
    // The access token of the signed-in user. Null when nobody is signed in, or when it cannot be renewed now.
    async token() {
        if (!user()) return null;
        if (!tokenFor(EARLY_MS)) await this.renewed().catch(() => null);
        return tokenFor(0);
    },
    // Renews the token; resolves to the server's answer.
    renewed() {
        access.renewal ??= inTurn(renew).finally(() => { access.renewal = null; });
        return access.renewal;
    },
    // Sends a request, as the signed-in user or not. A token that the server refuses is renewed once.
    async send(request, isUsers) {
        // The cookie of a new session must not be overwritten by an answer about the last one.
        if (SIGN_IN.test(request.url)) await Promise.allSettled([access.renewal, access.leaving]);
        if (!isUsers || !user() || BY_BODY.test(request.url)) return fetch(request);
        // The answer of a renewal that failed. A renewal that succeeded is never the answer to another request.
        const refusal = (renewal) => {
            if (renewal.ok) throw new TypeError("somebody has signed in or out meanwhile");
            return renewal.clone();
        };
        const under = (token) => {
            const mine = request.clone();
            if (token) mine.headers.set("Authorization", `Bearer ${token}`);
            return fetch(mine);
        };
        let token = tokenFor(EARLY_MS);
        if (!token) {
            const renewal = await this.renewed().catch((error) => {
                if (!tokenFor(0)) throw error;
            });
            token = tokenFor(0);
            // Who was a user a moment ago reads on as a guest, and changes nothing as a guest.
            const mayGoOn = token || (renewal.status === 401 && request.method === "GET");
            if (!mayGoOn) return refusal(renewal);
        }
        const answer = await under(token);
        if (answer.status !== 401 || !token || !await isOfTheToken(answer)) return answer;
        const renewal = await this.renewed();
        return renewal.ok && tokenFor(0) ? under(tokenFor(0)) : refusal(renewal);
    },
    // Ends the session. What does not succeed is tried again with the next page.
    leave() {
        give(null, 0, null);
        localStorage.setItem(LEAVING, "");
        const left = post("logout", LEAVE_MS).then(({ ok }) => {
            if (ok) localStorage.removeItem(LEAVING);
        });
        access.leaving = left.catch(() => {});
    },
};
if (kept(LEAVING) !== null) {
    localStorage.removeItem(LEAVING);
    if (!user()) window.holdfastAccess.leave();
}
