import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { waitFor } from './support/drivers.ts';
import type { FixtureApp } from './support/fixture-app.ts';
import {
  certificateThat,
  content,
  faults,
  home,
  invitationLink,
  invitationTo,
  ISSUER_KEY,
  open,
  trust,
  withShell,
} from './support/shell.ts';

describe('the shell knows whom its user trusts and who lets him in', { timeout: 240_000 }, () => {
  let app: FixtureApp;
  let context: BrowserContext;
  let page: Page;
  withShell((opened) => {
    ({ app, context, page } = opened);
  });

  it('shows what an issuer says of a site where the user trusts his key, in every tab, and else the key alone', async () => {
    await faults(page, JSON.stringify({ certificates: [certificateThat('<b>The</b> Example Gazette')] }));
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await page.getByRole('button', { name: /circuits and links/ }).click();
    const panel = page.getByRole('complementary');
    await panel.getByText('a key that you do not trust').waitFor();
    await panel.getByText(ISSUER_KEY).waitFor();
    assert.equal(await panel.getByText('Example Gazette').count(), 0);
    const second = await context.newPage();
    await second.goto(`${app.url}#/`);
    const summary = second.locator('summary', { hasText: 'Keys that you trust' });
    await summary.focus();
    await second.keyboard.press('Enter');
    await trust(second, app.addresses[0] ?? '', 'Alice');
    await second.getByRole('alert').getByText('the address of a service').waitFor();
    await trust(second, ` ${ISSUER_KEY.toUpperCase()}`, 'Alice');
    await second.getByText('(1)').waitFor();
    await panel.getByText('Alice (a key that you trust) says, until 2099-12-31:').waitFor();
    assert.equal(await panel.getByRole('blockquote').textContent(), '<b>The</b> Example Gazette');
    await second.reload();
    await summary.click();
    await second.getByText(ISSUER_KEY).waitFor();
    await second.getByRole('button', { name: 'Remove Alice' }).press('Enter');
    await panel.getByText('a key that you do not trust').waitFor();
    assert.equal(await panel.getByRole('blockquote').count(), 0);
    await waitFor('the focus', () => second.evaluate(`document.activeElement?.tagName === 'GNET-APP'`));
    await second.close();
  });

  it('opens only what a trusted key vouches for where the user chose so, and shows nothing of another site', async () => {
    const refused = page.getByRole('heading', { name: 'Nobody whom you trust vouches for this site' });
    await faults(page, JSON.stringify({ certificates: [certificateThat('The Example Gazette')] }));
    await page.locator('summary', { hasText: 'Keys that you trust' }).click();
    const choice = page.getByRole('switch', { name: /Open only what a key that I trust vouches for/ });
    await choice.check();
    await page.getByText('so nothing opens').waitFor();
    await open(page, app.addresses[0]);
    await refused.waitFor();
    await page.getByText('The statements that it carries are of other keys').waitFor();
    assert.equal(await page.locator('gnet-site iframe').count(), 0);
    await home(page);
    await page.locator('summary', { hasText: 'Keys that you trust' }).click();
    await trust(page, ISSUER_KEY, 'Alice');
    await page.getByText('(1)').waitFor();
    await open(page, app.addresses[0]);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await open(page, app.addresses[1]);
    await refused.waitFor();
    await page.getByText('It carries no statement at all').waitFor();
    await faults(page, `{ failure: { kind: 'unserved', message: 'Nobody is there.' } }`);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('one that is stored here too').waitFor();
    await home(page);
    await page.locator('summary', { hasText: 'Keys that you trust' }).click();
    await choice.uncheck();
    await page.getByRole('button', { name: 'Remove Alice' }).click();
    await page.getByText('(1)').waitFor({ state: 'hidden' });
    await faults(page, '{}');
    await open(page, app.addresses[1]);
    await content(page).getByRole('heading', { name: 'Other' }).waitFor();
  });

  it('takes an invitation by its link, which then stands in no URL and no history, and opens what it is to', async () => {
    await faults(page, '{ isByInvitation: true }');
    await open(page, app.addresses[0]);
    await page.getByText('for invited visitors alone').waitFor();
    await page.getByText('paste the one that you were given into the address bar').waitFor();
    await page.evaluate(`location.hash = ${JSON.stringify(invitationLink(app, 1).split('#')[1])}`);
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    assert.ok(page.url().endsWith(`#/open/${app.addresses[0]}/`), page.url());
    await page.goBack();
    await page.goForward();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    assert.ok(page.url().endsWith(`#/open/${app.addresses[0]}/`), page.url());
    const first = await context.newPage();
    await first.addInitScript('globalThis.firstFaults = { isByInvitation: true }');
    await first.goto(invitationLink(app, 1));
    await content(first).getByRole('heading', { name: 'Gazette' }).waitFor();
    assert.equal(await first.evaluate('history.length'), 2, 'about:blank, and the site');
    await first.close();
  });

  it('asks before another invitation to one address replaces the one that is kept; says what is wrong with one; and removes it', async () => {
    const bar = page.getByLabel('Address or link of a site');
    await bar.fill(` ${invitationTo(app, 2)} `);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'You have another invitation to this address' }).waitFor();
    await page.getByRole('button', { name: 'Keep mine' }).click();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    await page.goto(invitationLink(app, 2));
    await page.getByRole('button', { name: 'Use the new one' }).click();
    await content(page).getByRole('heading', { name: 'Gazette' }).waitFor();
    assert.ok(!page.url().includes('invitation'), page.url());

    await bar.fill(invitationTo(app, 2).slice(0, -1));
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('Not an invitation: 56 letters and digits stand behind').waitFor();
    assert.equal(await bar.inputValue(), invitationTo(app, 2).slice(0, -1), 'to be mended');
    await page.goto(`${invitationLink(app, 2).slice(0, -2)}aa`);
    await page.getByRole('heading', { name: 'This invitation cannot be used' }).waitFor();
    await page.getByText('its checksum does not match').waitFor();
    await page.getByRole('button', { name: 'Back to the start' }).click();

    const list = page.getByRole('region', { name: 'Invitations kept in this browser' });
    await list.getByText(String(app.addresses[0])).waitFor();
    await list.getByRole('button', { name: 'Remove the invitation' }).press('Enter');
    await list.waitFor({ state: 'hidden' });
    await faults(page, '{ isByInvitation: true }');
    await open(page, app.addresses[0]);
    await page.getByText('for invited visitors alone').waitFor();
  });

  it('writes to an inbox: says what is going on, that it is kept, or why not; what is written stays until it is', async () => {
    await faults(page, '{ inbox: {} }');
    await open(page, app.addresses[0]);
    await page.getByRole('heading', { name: 'Write to this inbox' }).waitFor();
    await waitFor('the focus', () => page.evaluate(`document.activeElement?.tagName === 'GNET-APP'`));
    const text = page.getByLabel('Message');
    await text.fill('é'.repeat(9000));
    await page.getByText('18,000 of at most').waitFor();
    assert.equal(await text.getAttribute('aria-invalid'), 'true');
    await text.fill('See you at eight. ☕');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('status').getByText('On its way').waitFor();
    await faults(page, `{ inbox: { failure: { kind: 'full', message: 'the inbox is full' } } }`);
    await page.getByRole('alert').getByText('The inbox is full.').waitFor();
    await home(page);
    await open(page, app.addresses[0]);
    await page.getByRole('alert').getByText('Not kept').waitFor();
    assert.equal(await text.inputValue(), 'See you at eight. ☕');
    await faults(page, `{ inbox: { mayKeep: true } }`);
    await page.getByRole('button', { name: 'Send' }).press('Enter');
    await page.getByRole('status').getByText('Kept by the inbox').waitFor();
    assert.deepEqual(await page.evaluate('fixture.messages'), [[app.addresses[0], 'See you at eight. ☕', undefined]]);
    assert.equal(await text.inputValue(), '');
    assert.equal(await page.locator('gnet-site iframe').count(), 0);
  });

  it('signs a message where its user says so, with a key for that inbox alone, which is shown and can be removed', async () => {
    await faults(page, `{ inbox: { mayKeep: true } }`);
    const choice = page.getByRole('checkbox', { name: /^Sign it with a key of this browser/ });
    const remove = page.getByRole('button', { name: 'Remove your key for this inbox' });
    const write = async (to: string | undefined, text: string): Promise<void> => {
      await open(page, to);
      await page.getByLabel('Message').fill(text);
      await choice.check();
      await page.getByRole('button', { name: 'Send' }).press('Enter');
      await page.getByRole('status').getByText('Kept by the inbox').waitFor();
    };
    await write(app.addresses[0], 'one');
    await remove.waitFor();
    await write(app.addresses[0], 'two');
    await write(app.addresses[1], 'three');
    const signers = ((await page.evaluate('fixture.messages')) as string[][]).map(([, , signer]) => signer);
    assert.match(signers[0] ?? '', /^[a-z2-7]{52}$/);
    assert.equal(signers[1], signers[0]);
    assert.notEqual(signers[2], signers[0], 'two inboxes could tell that they have one writer');
    await page.getByText(String(signers[2])).waitFor();
    await page.setViewportSize({ width: 360, height: 640 });
    await write(app.addresses[1], 'four');
    await waitFor('the answer in sight', () =>
      page.evaluate(`(() => {
        const form = document.querySelector('gnet-app').shadowRoot.querySelector('gnet-site').shadowRoot.querySelector('gnet-write').shadowRoot;
        return form.querySelector('.kept').getBoundingClientRect().bottom <= innerHeight;
      })()`),
    );
    await page.setViewportSize({ width: 1280, height: 720 });
    await remove.press('Enter');
    await remove.waitFor({ state: 'detached' });
    assert.equal(await choice.isChecked(), false);
    await open(page, app.addresses[0]);
    await page.getByText(String(signers[0])).waitFor();
  });
});
