/** The app's own service worker: opens the app with its host stopped, and brings new versions. */

export interface AppUpdate {
  /** Switches all tabs of the app to the new version, and reloads this one. */
  takeOver(): void;
}

/** @param onUpdate called when a new version has been fetched whole and waits. */
export async function keepApp(onUpdate: (update: AppUpdate) => void): Promise<void> {
  const registration = await navigator.serviceWorker.register('/app.sw.js', { updateViaCache: 'none' });
  const offer = (worker: ServiceWorker | null): void => {
    // Without a controller this is the first version, which replaces nothing.
    if (worker?.state === 'installed' && navigator.serviceWorker.controller !== null) onUpdate({ takeOver: () => takeOver(worker) });
  };
  offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => offer(worker));
  });
}

function takeOver(worker: ServiceWorker): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  worker.postMessage('takeOver');
}
