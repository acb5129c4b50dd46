/** The peer's thread is asked so often whether it is there. */
const LOOK_EVERY_MS = 3000;
/** Looks in a row without an answer; by looks and not by a clock, as a tab in the background and a machine that slept look seldom. */
const SILENT_LOOKS = 5;
/** By itself the page starts anew so often; then the user has to say so. */
const RESTARTS_MAX = 3;
/** In the session's storage: it outlives the page, and not the tab. */
const RESTARTS = 'gnet restarts';

/**
 * Tells when the peer's thread has answered nothing for a while, and when it does again. Firefox, on a busy machine, now and then leaves a worker
 * standing for good.
 */
export function watchPeer(isThere: () => Promise<void>, onChange: (isSilent: boolean) => void): void {
  let isAsked = false;
  let silentLooks = 0;
  setInterval(() => {
    if (isAsked) {
      if (++silentLooks === SILENT_LOOKS) onChange(true);
      return;
    }
    isAsked = true;
    void isThere().then(() => {
      if (silentLooks >= SILENT_LOOKS) onChange(false);
      isAsked = false;
      silentLooks = 0;
    });
  }, LOOK_EVERY_MS);
}

/** False when that was tried often enough. */
export function mayStartAnew(): boolean {
  return restarts() < RESTARTS_MAX;
}

/** Loads the page again, and a new thread with it; what was shown is shown again. */
export function startAnew(): void {
  sessionStorage.setItem(RESTARTS, String(restarts() + 1));
  location.reload();
}

/** It works: what comes later counts from the beginning. True where it had been started anew. */
export function noteWorking(): boolean {
  const hadRestarts = restarts() > 0;
  sessionStorage.removeItem(RESTARTS);
  return hadRestarts;
}

function restarts(): number {
  return Number(sessionStorage.getItem(RESTARTS) ?? 0);
}
