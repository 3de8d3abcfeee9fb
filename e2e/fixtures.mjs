// The test function that every spec uses: it fails a test upon an error in the console, an exception on the page, a
// violation of the content security policy, or a request to another origin, whatever the test itself looks at.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test as base, expect } from "@playwright/test";
import { open } from "./browser.mjs";

export { expect, open };

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const test = base.extend({
  /** Patterns of complaints that a test causes on purpose: `complaints.allow(/Failed to load/)`. */
  complaints: [
    async ({ context, baseURL }, use) => {
      const seen = [];
      const allowed = [];
      const origin = new URL(baseURL).origin;
      const watch = (page) => {
        page.on("console", (message) => {
          if (message.type() === "error") seen.push(`console: ${message.text()}`);
        });
        page.on("pageerror", (error) => seen.push(`exception: ${error.message}`));
      };
      context.pages().forEach(watch);
      context.on("page", watch);
      context.on("request", (request) => {
        const address = new URL(request.url());
        const local = address.protocol === "data:" || address.protocol === "blob:";
        if (!local && address.origin !== origin) seen.push(`request to another origin: ${request.url()}`);
      });
      await context.addInitScript(() => {
        // In the console it meets the check for errors, also when the browser keeps quiet about a report-only policy.
        addEventListener("securitypolicyviolation", (event) => {
          console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
        });
      });
      await use({ seen, allow: (pattern) => allowed.push(pattern) });
      const unexpected = seen.filter((text) => !allowed.some((pattern) => pattern.test(text)));
      expect(unexpected, "the page complained").toEqual([]);
    },
    { auto: true },
  ],
});

/** Fails upon an accessibility violation, and says which element and why. `within` is a
 * selector or a context of axe's, by default the page. */
export async function expectAccessible(page, within) {
  // The source is evaluated by the debugger, which a content security policy does not stop.
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async (selector) => {
    const result = await window.axe.run(selector ?? document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return result.violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map((node) => node.html) }));
  }, within);
  expect(violations, "axe").toEqual([]);
}
