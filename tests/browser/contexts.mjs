// Browser contexts that are lent to one visitor after another.
//
// Most of what a visit costs is Chromium's own work: another process, the program compiled anew. In
// a context in which a page stays open both are there already, for half of the processor's time. So
// each context keeps one page without a program open; what the site keeps is forgotten before the
// next visitor gets it, and the rest (a tab's storage, routes, scripts) goes with the visitor's page.
// Only the cache of files stays.

// Nothing of ours runs here.
const QUIET_PAGE = '/readyz';

export function lendContexts(browser, url) {
  const idle = new Map();

  async function open(options) {
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    const kept = await context.newPage();
    await kept.goto(url + QUIET_PAGE);
    return { context, kept };
  }

  return {
    // A context like this that nobody has now; `giveBack` once the visitor's page is closed.
    async lend(options) {
      const name = JSON.stringify(options);
      const lent = idle.get(name)?.pop() ?? await open(options);
      const giveBack = async () => {
        try {
          await lent.context.clearCookies();
          await lent.kept.evaluate(() => localStorage.clear());
        } catch {
          // Its process has died; the next visitor gets another.
          await lent.context.close();
          return;
        }
        idle.set(name, [...(idle.get(name) ?? []), lent]);
      };
      return { context: lent.context, giveBack };
    },
  };
}
