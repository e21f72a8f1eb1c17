// Lends browser contexts to one visitor after another.
//
// Most of the cost of a visit is Chromium's own work: it starts a process and compiles the program. A context in which
// a page stays open already has both, which halves the processor time. Therefore each context keeps one page without a
// program open. What the site stores is deleted before the next visitor gets the context, and the rest (a tab's
// storage, routes, scripts) ends with the visitor's page. Only the cache of files stays.

// None of our programs runs in this page.
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
    // Lends a free context with these options, or opens a new one. The caller runs `giveBack` after closing the
    // visitor's page.
    async lend(options) {
      const name = JSON.stringify(options);
      const lent = idle.get(name)?.pop() ?? await open(options);
      const giveBack = async () => {
        try {
          await lent.context.clearCookies();
          await lent.kept.evaluate(() => localStorage.clear());
        } catch {
          // The process of this context has died; the next visitor gets another context.
          await lent.context.close();
          return;
        }
        idle.set(name, [...(idle.get(name) ?? []), lent]);
      };
      return { context: lent.context, giveBack };
    },
  };
}
