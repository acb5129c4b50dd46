/** The page's entry: checks what the browser has, registers the elements, starts the shell. */

import './gnet-app.ts';
import { keepApp } from './app-update.ts';
import { shell } from './the-shell.ts';

if (navigator.serviceWorker !== undefined && navigator.locks !== undefined) {
  void shell.start();
  keepApp((update) => shell.noteUpdate(update)).catch(() => {}); // without it the app needs its host at each start
}
