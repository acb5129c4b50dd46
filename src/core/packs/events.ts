/** What reader and store have to tell and do not fail for. */
export type PackWarning =
  | { readonly kind: 'full' } // no room: reading goes on, nothing is kept
  | { readonly kind: 'damaged'; readonly chunk: string } // a stored chunk no longer has its hash; it was thrown away
  | { readonly kind: 'conflict'; readonly serial: number } // two manifests with one serial: the first seen is shown
  | { readonly kind: 'stale'; readonly serial: number; readonly message: string } // nobody could be asked for a newer version: the stored one is shown
  | { readonly kind: 'behind'; readonly serial: number; readonly headSerial: number } // a signed head names a newer version than the server has
  | { readonly kind: 'newer'; readonly serial: number } // a newer version is stored; the next reader shows it
  | { readonly kind: 'retry'; readonly message: string }; // a stream died; another one is asked for the rest

/** How far a file, or the whole site, has come. */
export interface PackProgress {
  readonly path: string;
  readonly receivedBytes: number;
  readonly totalBytes: number;
  /** Of them, those that were in the store before. */
  readonly fromStoreBytes: number;
}
