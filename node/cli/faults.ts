/**
 * What nobody has caught must not end a peer that others build on. A broken promise or a failed system call (a socket that was
 * reset, a file that went away) concerns one circuit or one reader: it is logged and the peer goes on. Anything else is a fault of
 * ours that may have left things half done: it is logged and the command ends, as in order as it still can.
 */
const END_WITHIN_MS = 5000;

/** @param stop ends the command. The answer tells whether a fault has. */
export function surviveFaults(stop: () => void): () => boolean {
  let fatal = false;
  process.on('unhandledRejection', (reason) => log('nobody waited for this to fail', reason));
  process.on('uncaughtException', (error) => {
    const isSystemCall = typeof (error as NodeJS.ErrnoException).syscall === 'string';
    log(isSystemCall ? 'nobody listened for this' : 'a fault in GlobalNet; ending', error);
    if (isSystemCall) return;
    fatal = true;
    stop();
    setTimeout(() => process.exit(1), END_WITHIN_MS).unref();
  });
  return () => fatal;
}

function log(what: string, cause: unknown): void {
  process.stderr.write(`${new Date().toISOString()} error gnet: ${what}: ${(cause as Error)?.stack ?? String(cause)}\n`);
}
