import { setTimeout as delay } from 'node:timers/promises';
import { base32 } from '../../src/core/bytes/base32.ts';
import { fromUtf8, hex } from '../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { checkText, Messages, type ServiceSession } from '../../src/core/peer/index.ts';
import { normalAddress } from '../../src/core/wire/address.ts';
import { INBOX_TEXT_MAX_BYTES } from '../../src/core/wire/geometry.ts';
import { CERTIFIED, refuseUncertified } from '../cli/certificates.ts';
import type { Command } from '../cli/command.ts';
import { acceptInvitations, INVITED } from '../cli/inviting.ts';
import { logLevelOf } from '../cli/log-level.ts';
import type { Output } from '../cli/output.ts';
import { bootstrapsFor, dataFolderOf, openDataFolder, peerNameOf } from '../data-folder.ts';
import { type Headless, startHeadless } from '../headless.ts';
import { nodeEnv } from '../node-env.ts';
import { keptSigningKey, signerNameOf } from '../signing-key.ts';
import { unlessStopped, untilReady } from '../until.ts';

/** Another one joins and sends, with all its time-outs; what holds the folder longer is no sender. */
const TURN_MS = 120_000;
const TURN_WAIT_MS = 100;

export const send: Command = {
  name: 'send',
  usage: '<address> <text | ->',
  summary:
    `Sends a text of up to ${INBOX_TEXT_MAX_BYTES} bytes to whoever waits at the address with gnet inbox, and says when it is kept there. ` +
    'Nothing in it tells who sent it. - reads the text from standard input, where neither the list of processes nor a shell’s history shows it.',
  options: {
    sign: {
      type: 'string',
      value: '<name>',
      help: 'sign it with the key kept under this name, made at the first time: its reader sees that all you sign with it comes from one sender',
      check: signerNameOf,
    },
    name: {
      type: 'string',
      value: '<name>',
      help: 'its folder within the data folder; those that use one folder send one after another (default: send)',
      check: peerNameOf,
    },
    ...CERTIFIED,
    ...INVITED,
  },
  positionals: { min: 2, max: 2 },
  async run({ output, flag, text, texts, positionals, stop }) {
    const [to, given] = positionals as [string, string];
    const address = normalAddress(to);
    const content = given === '-' ? await unlessStopped(standardInput(), stop) : given;
    checkText(content);
    const dataFolder = dataFolderOf(text('data'));
    const bootstraps = bootstrapsFor(dataFolder, texts('join'));
    await acceptInvitations(dataFolder, texts('invitation'), output);
    openDataFolder(dataFolder);
    const logLevel = logLevelOf(text('log'));
    const name = text('sign');
    const signer = name === undefined ? undefined : await keptSigningKey(nodeEnv(logLevel), dataFolder, name);
    const options = { dataFolder, name: text('name') ?? 'send', role: 'send', bootstraps, logLevel };
    const { env, peer, stop: end } = await inTurn(() => startHeadless(options), stop, output);
    try {
      peer.events.listen((event) => event?.kind === 'invitation' && output.note(event.text));
      const messages = peer.visitBy((visiting) => new Messages(visiting));
      await untilReady(peer, stop, output);
      const sent = output.waiting(() => 'Sending…');
      const admit = flag('certified') ? (visit: ServiceSession) => refuseUncertified(env, dataFolder, visit) : undefined;
      const id = await unlessStopped(messages.send(address, content, signer, admit), stop).finally(sent);
      const key = signer === undefined ? {} : { signedBy: base32(signer.publicKey) };
      const words = key.signedBy === undefined ? '' : `, signed by ${key.signedBy}`;
      output.say(`Kept by the inbox${words}.`, { address, id: hex(id), kept: true, ...key });
    } finally {
      await end();
    }
  },
};

/** Two that send at once take turns: with a folder for each they would have guards for each, and more guards see more. @throws as `start`. */
async function inTurn(start: () => Promise<Headless>, stop: AbortSignal, output: Output): Promise<Headless> {
  const untilMs = Date.now() + TURN_MS;
  const waited = output.waiting(() => 'Starting…');
  try {
    for (;;) {
      try {
        return await start();
      } catch (error) {
        if (!(error instanceof GlobalNetError) || error.kind !== 'busy' || Date.now() > untilMs) throw error;
      }
      await unlessStopped(delay(TURN_WAIT_MS), stop);
    }
  } finally {
    waited();
  }
}

/** As it stands, but for one line end behind it. No more is read than can be sent. @throws GlobalNetError `malformed`. */
async function standardInput(): Promise<string> {
  const mostBytes = INBOX_TEXT_MAX_BYTES + '\r\n'.length;
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of process.stdin) {
    parts.push(part as Buffer);
    sizeBytes += (part as Buffer).length;
    if (sizeBytes > mostBytes)
      throw new GlobalNetError('malformed', `the text is too large: a message holds at most ${INBOX_TEXT_MAX_BYTES} bytes`);
  }
  try {
    return fromUtf8(Buffer.concat(parts)).replace(/\r?\n$/, '');
  } catch {
    throw new GlobalNetError('malformed', 'what came on standard input is no text in UTF-8');
  }
}
