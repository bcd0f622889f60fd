// What every page must keep: accessible by rule, readable on a small screen, usable from the keyboard.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const widths = [320, 360, 1280];
const schemes = ['light', 'dark'];

/** Takes a picture of the page at every width, light and dark, and hands on where it stands. */
export async function pictures(visit, state, look = () => {}) {
  for (const colorScheme of schemes) {
    await visit.page.emulateMedia({ colorScheme });
    for (const width of widths) {
      await visit.page.setViewportSize({ width, height: 800 });
      const where = `${state}-${width}-${colorScheme}`;
      await visit.picture(where);
      await look(where);
    }
  }
}

/** Pictures of the page, and all the rules below. */
export async function looksRight(visit, state) {
  await isNamed(visit.page, state);
  await pictures(visit, state, async (where) => {
    await fits(visit.page, where);
    await isAccessible(visit.page, where);
  });
  await tabsInOrder(visit.page, state);
}

/** Runs the rules of axe-core, WCAG 2.2 AA, over the page as it stands. */
async function isAccessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: values }), tags);
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => {
    return `${id} at ${target.join(' ')}: ${failureSummary}`;
  }));
  assert.deepEqual(found, [], where);
}

/** One heading of the first level, a language, a title. */
async function isNamed(page, where) {
  assert.equal(await page.locator('h1').count(), 1, `${where}: one h1`);
  assert.ok(await page.getAttribute('html', 'lang'), `${where}: a language`);
  assert.ok((await page.title()).trim(), `${where}: a title`);
}

/** Nothing sticks out sideways. */
async function fits(page, where) {
  const [needed, given] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  assert.ok(needed <= given, `${where}: ${needed} px wide in ${given} px`);
}

/** Tab goes through everything that can be used, in the order of the document, and shows where it is. */
async function tabsInOrder(page, where) {
  const usable = 'a[href], button:not([disabled]), input:not([type="hidden"]):not([disabled]), select, summary, textarea';
  const expected = await page.evaluate((selector) => {
    const start = document.createElement('button'); // focused and gone, it leaves Tab at the top of the page
    document.body.prepend(start);
    start.focus();
    start.remove();
    const all = [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
    return all.filter((element, index) => {
      element.dataset.order = index;
      return element.tabIndex === 0;
    }).length;
  }, usable);
  let last = -1;
  for (let press = 0; press < expected; press += 1) {
    await page.keyboard.press('Tab');
    const [order, outlined, name] = await page.evaluate(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      const outlined = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
      return [Number(element.dataset.order ?? -1), outlined, element.outerHTML.slice(0, 120)];
    });
    assert.ok(order > last, `${where}: the focus goes back to ${name}`);
    assert.ok(outlined, `${where}: no visible focus on ${name}`);
    last = order;
  }
}
